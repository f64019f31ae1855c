import { describe, expect, it } from 'vitest'
import { respawnAll } from '../../src/respawn-all.js'
import { VirtualSystem } from '../support/virtual-system.js'

function setUp(failing?: number) {
  const system = new VirtualSystem(1)
  const log: string[] = []
  const respawner = {
    async kill(id: number) {
      log.push(`${system.now()} kill ${id}`)
    },
    async create(id: number, timeoutMs: number | undefined) {
      log.push(`${system.now()} create ${id} within ${timeoutMs}`)
      if (id === failing) throw new Error(`${id} is ill`)
    },
  }
  const times = { shardDelayMs: 1_000, respawnDelayMs: 100, timeoutMs: 9 }
  const begun = system.now()
  return { system, log, done: respawnAll([0, 2, 5], respawner, times, system), begun }
}

describe('respawnAll', () => {
  it('goes from instance to instance, with the delays given, and none after the last', async () => {
    const { system, log, done, begun } = setUp()
    await system.advance(2_100)
    await done
    expect(log).toEqual(
      [
        [0, 'kill 0'],
        [100, 'create 0 within 9'],
        [1_000, 'kill 2'],
        [1_100, 'create 2 within 9'],
        [2_000, 'kill 5'],
        [2_100, 'create 5 within 9'],
      ].map(([at, what]) => `${begun + Number(at)} ${what}`),
    )
  })

  it('stops at the first that does not come back', async () => {
    const { system, log, done } = setUp(2)
    done.catch(() => {})
    await system.advance(10_000)
    await expect(done).rejects.toThrow('2 is ill')
    expect(log).toHaveLength(4)
  })
})
