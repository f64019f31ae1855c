import { describe, expect, it } from 'vitest'
import { limits } from '../../../../src/limits.js'
import { MemoryWatch } from '../../../../src/modes/local/memory-watch.js'

describe('memory above the limit', () => {
  it('counts when two reports in a row say so', () => {
    const watch = new MemoryWatch(100)
    for (const [memoryMb, isAbove] of [
      [101, false],
      [100, false],
      [101, false],
      [102, true],
      [99, false],
    ] as const) {
      watch.take(memoryMb, 0)
      expect([memoryMb, watch.isAbove]).toEqual([memoryMb, isAbove])
    }
  })

  it('does not exist without a limit', () => {
    const watch = new MemoryWatch(undefined)
    watch.take(1e6, 0)
    watch.take(1e6, 1)
    expect(watch.isAbove).toBe(false)
    expect(watch.memoryMb).toBe(1e6)
  })

  it('is counted anew when told so', () => {
    const watch = new MemoryWatch(100)
    watch.take(101, 0)
    watch.startOver()
    watch.take(101, 0)
    expect(watch.isAbove).toBe(false)
    expect(watch.memoryMb).toBe(101)
    watch.clear()
    expect(watch.memoryMb).toBeUndefined()
  })
})

describe('news of memory', () => {
  it('are the first report, and then a change of more than a tenth, but not often', () => {
    const watch = new MemoryWatch(undefined)
    const every = limits.memoryToldEveryMs
    const told = [
      [100, 0],
      [200, every - 1],
      [110, every],
      [111, every],
      [90, every + 1],
      [99, 2 * every],
      [98, 2 * every],
    ].map(([memoryMb = 0, at = 0]) => watch.take(memoryMb, at))
    expect(told).toEqual([true, false, false, true, false, true, false])
    watch.clear()
    expect(watch.take(99, 2 * every)).toBe(true)
  })
})
