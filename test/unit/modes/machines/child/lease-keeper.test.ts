import { describe, expect, it } from 'vitest'
import { LeaseKeeper } from '../../../../../src/modes/machines/child/lease-keeper.js'
import { deferred } from '../../../../support/deferred.js'
import { VirtualSystem } from '../../../../support/virtual-system.js'

const terms = { leaseMs: 10_000 }

function setUp() {
  const system = new VirtualSystem()
  const log: string[] = []
  const stop = deferred()
  const keeper = new LeaseKeeper(system, {
    ask: ({ n, stopMs }) => log.push(`ask ${n} ${stopMs}`),
    killTimeoutMs: () => 2_000,
    stop: (reason) => {
      log.push(`stop ${reason}`)
      return stop.promise
    },
    stopped: () => log.push('stopped'),
    warning: ({ code }) => log.push(code),
  })
  const fleet = (name: string) => ({
    lease: (until: number | undefined) => {
      log.push(`${name} ${until}`)
    },
  })
  /** What became of the wait for a start; undefined while it lasts. */
  const waiting = () => {
    const outcome: { code?: unknown } = {}
    keeper.mayStart().then(
      () => {
        outcome.code = 'may start'
      },
      ({ code }: { code: string }) => {
        outcome.code = code
      },
    )
    return outcome
  }
  return { system, keeper, log, stop, fleet, waiting }
}

describe('the keeper of a lease', () => {
  it('tells each fleet of the end that there is, and of every later one', async () => {
    const { keeper, log, fleet, system } = setUp()
    keeper.attach(fleet('first'))
    keeper.linked(true)
    keeper.assigned(terms, 1, 1_000)
    expect(log.splice(0)).toEqual(['first 10000', 'ask 1 5000'])
    await system.advance(500)
    keeper.granted(1)
    keeper.detach()
    keeper.attach(fleet('second'))
    expect(log.splice(0)).toEqual(['first 10000', 'second 10000'])
    await system.advance(1_500)
    keeper.granted(2)
    expect(log).toEqual(['ask 2 5000', 'second 12000'])
    keeper.freed()
    expect(system.pendingTimers).toBe(0)
  })

  it('lets starts wait for the grant, and turns them away when something else comes', async () => {
    const { keeper, system, waiting } = setUp()
    keeper.linked(true)
    keeper.assigned(terms, 1, 1_000)
    const first = waiting()
    keeper.assigned(terms, 2, 1_000)
    const second = waiting()
    await system.settle()
    expect([first.code, second.code]).toEqual(['DM_START_ABORTED', undefined])
    keeper.granted(2)
    const third = waiting()
    await system.settle()
    expect([second.code, third.code]).toEqual(['may start', 'may start'])
    keeper.assigned(terms, 3, 1_000)
    const fourth = waiting()
    keeper.freed()
    await system.settle()
    expect(fourth.code).toBe('DM_START_ABORTED')
  })

  it('stops all at the end, and says so when all is gone; that fleet hears of no later end', async () => {
    const { keeper, log, stop, fleet, system, waiting } = setUp()
    keeper.attach(fleet('first'))
    keeper.assigned(terms, 1, 1_000)
    const start = waiting()
    await system.advance(9_999)
    expect(log.splice(0)).toEqual(['first 10000'])
    await system.advance(1)
    expect(log.splice(0)).toEqual(['DM_LEASE_LOST', 'stop lease'])
    expect(start.code).toBe('DM_START_ABORTED')
    keeper.linked(false)
    keeper.assigned(terms, 2, 1_000)
    keeper.granted(1)
    expect(log.splice(0)).toEqual(['ask 1 5000'])
    stop.resolve()
    await system.settle()
    expect(log).toEqual(['stopped'])
    keeper.freed()
  })

  it('tells when the stop fails', async () => {
    const { keeper, log, stop, system } = setUp()
    keeper.assigned(terms, 1, 1_000)
    await system.advance(10_000)
    stop.reject(new Error('no stop'))
    await system.settle()
    expect(log).toEqual(['DM_LEASE_LOST', 'stop lease', 'DM_INTERNAL'])
  })

  it('looks once a second, as the clock of the machine may go on while timers stand still', async () => {
    const { keeper, log, system } = setUp()
    const time = () => system.now()
    keeper.assigned(terms, 1, 1_000)
    await system.advance(3_000)
    system.machineTime = () => time() + 60_000
    await system.advance(1_000)
    expect(log).toEqual(['DM_LEASE_LOST', 'stop lease'])
  })
})
