import { describe, expect, it } from 'vitest'
import { limits } from '../../../../src/limits.js'
import { LeaseWatch } from '../../../../src/modes/local/reaper/lease-watch.js'
import {
  exitedLine,
  hostLine,
  killAtLine,
  ReaperLedger,
  startedLine,
} from '../../../../src/modes/local/reaper/reaper-ledger.js'
import { VirtualSystem } from '../../../support/virtual-system.js'

function setUp(inTurn: (feed: (text: string) => void) => void = () => {}) {
  const system = new VirtualSystem()
  const ledger = new ReaperLedger()
  const killed: string[] = []
  const watch = new LeaseWatch(ledger, {
    system,
    startTimeOf: () => '1',
    afterTurn: (action) => {
      system.setTimer(0, () => {
        inTurn(feed)
        action()
      })
    },
    kill: (pid) => killed.push(`${pid} at ${system.now()}`),
  })
  function feed(text: string): void {
    ledger.feed(text)
    watch.changed()
  }
  return { system, feed, killed }
}

describe('the reaper under a lease', () => {
  it('kills all of them at its end, and what comes later at once', async () => {
    const { system, feed, killed } = setUp()
    feed(startedLine(10, '1') + startedLine(11, '1') + hostLine(12, '1'))
    feed(killAtLine(2_050))
    await system.advance(2_049)
    expect(killed).toEqual([])
    await system.advance(1_000)
    expect(killed).toEqual(['10 at 2050', '11 at 2050', '12 at 2050'])
    feed(startedLine(13, '1'))
    await system.advance(0)
    expect(killed.slice(3)).toEqual(['13 at 3049'])
  })

  it('waits on while the lease is renewed', async () => {
    const { system, feed, killed } = setUp()
    feed(startedLine(10, '1'))
    for (let at = 0; at < 10_000; at += 500) {
      feed(killAtLine(at + 501))
      await system.advance(500)
    }
    expect(killed).toEqual([])
    await system.advance(limits.reaperLookEveryMs)
    expect(killed).toEqual(['10 at 10001'])
  })

  it('reads what has come meanwhile before it kills', async () => {
    const { system, feed, killed } = setUp((say) => say(killAtLine(100_000)))
    feed(startedLine(10, '1') + killAtLine(1_000))
    await system.stall(60_000)
    expect(killed).toEqual([])
  })

  it('reads on while it is told what was true long ago', async () => {
    const { system, feed, killed } = setUp((say) => {
      const now = system.now()
      // Half a second behind the manager, who goes on renewing.
      if (now < 60_500) say(killAtLine(now - 50_000))
      else if (now < 60_700) say(killAtLine(70_000))
    })
    feed(startedLine(10, '1') + killAtLine(1_000))
    await system.stall(60_000)
    await system.advance(9_900)
    expect(killed).toEqual([])
    await system.advance(200)
    expect(killed).toEqual(['10 at 70000'])
  })

  it('waits for nothing without a lease, and for nobody', async () => {
    const { system, feed, killed } = setUp()
    feed(startedLine(10, '1'))
    expect(system.pendingTimers).toBe(0)
    feed(killAtLine(1_000))
    expect(system.pendingTimers).toBe(1)
    feed(exitedLine(10))
    await system.advance(limits.reaperLookEveryMs)
    expect(system.pendingTimers).toBe(0)
    feed(startedLine(11, '1') + killAtLine(undefined))
    await system.advance(5_000)
    expect([system.pendingTimers, killed]).toEqual([0, []])
  })
})
