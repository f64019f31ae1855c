import { describe, expect, it } from 'vitest'
import { respawnAllDefaults } from '../../src/respawn-all.js'
import { Restarts } from '../../src/restarts.js'
import { deferred } from '../support/deferred.js'
import { VirtualSystem } from '../support/virtual-system.js'

function setUp() {
  const system = new VirtualSystem()
  const log: string[] = []
  const gate = deferred()
  const restarts = new Restarts(
    {
      instances: (target) => (target === 'all' ? [0, 1] : [1]),
      async kill(id) {
        log.push(`kill ${id}`)
      },
      async create(id) {
        log.push(`create ${id}`)
        await gate.promise
      },
      async recreate(id, timeoutMs) {
        log.push(`recreate ${id} within ${timeoutMs}`)
        await gate.promise
      },
    },
    system,
  )
  return { system, log, gate, restarts }
}

describe('restart', () => {
  it('restarts those that the target means', async () => {
    const { restarts, log, gate } = setUp()
    gate.resolve()
    await restarts.restart({})
    await restarts.restart({ to: 1, timeoutMs: 5 })
    expect(log).toEqual([
      'recreate 0 within undefined',
      'recreate 1 within undefined',
      'recreate 1 within 5',
    ])
  })

  it('is refused while one goes on, and taken again afterwards', async () => {
    const { restarts, gate, log } = setUp()
    const first = restarts.restart({ to: 1 })
    const refused = { code: 'DM_STATE' }
    await expect(restarts.restart({})).rejects.toMatchObject(refused)
    await expect(restarts.respawnAll(respawnAllDefaults)).rejects.toMatchObject(refused)
    gate.resolve()
    await first
    await restarts.restart({ to: 1 })
    expect(log).toHaveLength(2)
  })

  it('is taken again after one that failed', async () => {
    const { restarts, gate, log } = setUp()
    gate.reject(new Error('ill'))
    await expect(restarts.restart({})).rejects.toThrow('ill')
    await expect(restarts.restart({})).rejects.toThrow('ill')
    expect(log).toEqual(['recreate 0 within undefined', 'recreate 0 within undefined'])
  })

  it.each([
    ['concurrency', 0, 'DM_OPTION_VALUE'],
    ['concurrency', 1.5, 'DM_OPTION_VALUE'],
    ['concurrency', '2', 'DM_OPTION_TYPE'],
    ['delayMs', -1, 'DM_OPTION_VALUE'],
    ['delayMs', Number.NaN, 'DM_OPTION_VALUE'],
    ['timeoutMs', 2 ** 31, 'DM_OPTION_VALUE'],
  ])('refuses %s: %s', async (path, value, code) => {
    const { restarts, log } = setUp()
    await expect(restarts.restart({ [path]: value })).rejects.toMatchObject({ code, path })
    expect(log).toEqual([])
  })
})

describe('respawnAll', () => {
  it('joins the one that goes on, and keeps a restart out meanwhile', async () => {
    const { restarts, gate, log, system } = setUp()
    const times = { shardDelayMs: 10, respawnDelayMs: 1, timeoutMs: undefined }
    const both = [restarts.respawnAll(times), restarts.respawnAll(times)]
    await expect(restarts.restart({})).rejects.toMatchObject({ code: 'DM_STATE' })
    gate.resolve()
    await system.advance(100)
    await Promise.all(both)
    expect(log).toEqual(['kill 0', 'create 0', 'kill 1', 'create 1'])
  })
})
