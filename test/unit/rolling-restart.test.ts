import { describe, expect, it } from 'vitest'
import { rollingRestart } from '../../src/rolling-restart.js'
import { type Deferred, deferred } from '../support/deferred.js'
import { VirtualSystem } from '../support/virtual-system.js'

/** Restarts that end when the test says so. */
function setUp(ids: readonly number[], concurrency: number, delayMs = 0) {
  const system = new VirtualSystem()
  const begun: number[] = []
  const ends = new Map<number, Deferred<void>>()
  const restart = (id: number): Promise<void> => {
    begun.push(id)
    const end = deferred()
    ends.set(id, end)
    return end.promise
  }
  const outcome = rollingRestart(ids, restart, { concurrency, delayMs }, system).then(
    () => 'done',
    (error: unknown) => error,
  )
  const end = async (id: number, error?: Error): Promise<void> => {
    if (error) ends.get(id)?.reject(error)
    else ends.get(id)?.resolve()
    await system.advance(0)
  }
  return { system, begun, outcome, end }
}

describe('a rolling restart', () => {
  it('has no more under way than allowed, in order', async () => {
    const { begun, end, outcome } = setUp([0, 1, 2, 3], 2)
    expect(begun).toEqual([0, 1])
    await end(1)
    expect(begun).toEqual([0, 1, 2])
    await end(0)
    expect(begun).toEqual([0, 1, 2, 3])
    await end(2)
    await end(3)
    expect(await outcome).toBe('done')
  })

  it('waits between two, and not after the last', async () => {
    const { begun, end, outcome, system } = setUp([4, 7], 1, 1_000)
    await end(4)
    await system.advance(999)
    expect(begun).toEqual([4])
    await system.advance(1)
    expect(begun).toEqual([4, 7])
    await end(7)
    expect(await outcome).toBe('done')
    expect(system.pendingTimers).toBe(0)
  })

  it('begins nothing after the first that fails, and waits for what is under way', async () => {
    const { begun, end, outcome } = setUp([0, 1, 2, 3], 2)
    await end(0, new Error('0 is ill'))
    let isOver = false
    void outcome.then(() => {
      isOver = true
    })
    await end(9)
    expect([begun, isOver]).toEqual([[0, 1], false])
    await end(1, new Error('1 as well'))
    expect(await outcome).toMatchObject({ message: '0 is ill' })
    expect(begun).toEqual([0, 1])
  })

  it('cuts the pause of the others short when one fails', async () => {
    const { begun, end, outcome, system } = setUp([0, 1, 2], 2, 60_000)
    await end(0)
    await end(1, new Error('1 is ill'))
    expect(await outcome).toMatchObject({ message: '1 is ill' })
    expect(begun).toEqual([0, 1])
    expect(system.pendingTimers).toBe(0)
  })

  it('of nothing is over at once', async () => {
    expect(await setUp([], 3).outcome).toBe('done')
  })
})
