import { describe, expect, it } from 'vitest'
import { defaultWeights, targetsOf } from '../../../src/allocator/weights.js'

const shards = (length: number) => Array.from({ length }, (_, n) => n)

function share(weight: number, maxShards?: number) {
  return { weight, maxShards }
}

describe('default weights', () => {
  it('are the number of own shards, where none was given', () => {
    const points = [
      { weight: undefined, shards: shards(8) },
      { weight: 3, shards: shards(2) },
    ]
    expect(defaultWeights(points)).toEqual([8, 3])
  })

  it('give a spare the mean of the others', () => {
    const points = [
      { weight: undefined, shards: shards(8) },
      { weight: undefined, shards: [] },
      { weight: 3, shards: [] },
      { weight: undefined, shards: shards(1) },
    ]
    expect(defaultWeights(points)).toEqual([8, 4, 3, 1])
  })

  it('are equal where all are spares', () => {
    expect(defaultWeights([0, 0].map(() => ({ weight: undefined, shards: [] })))).toEqual([1, 1])
  })
})

describe('targets', () => {
  it.each([
    ['by weight', [share(1), share(3)], 8, [2, 6]],
    ['not in whole numbers', [share(1), share(1)], 3, [1.5, 1.5]],
    [
      'with what one may not take given to the others',
      [share(2, 1), share(1), share(1)],
      9,
      [1, 4, 4],
    ],
    ['also where that fills the next one', [share(1, 1), share(1, 2), share(1)], 9, [1, 2, 6]],
    ['up to what all take', [share(1, 1), share(5, 2)], 9, [1, 2]],
    ['of nothing', [share(1), share(1, 2)], 0, [0, 0]],
    ['to nobody', [], 9, []],
  ])('are shared out %s', (_, rooms, total, targets) => {
    expect(targetsOf(rooms, total)).toEqual(targets)
  })

  it('stay numbers where weights are far apart', () => {
    const rooms = [share(1_000_000), ...Array.from({ length: 20 }, () => share(0.000_001))]
    const targets = targetsOf(rooms, 1_000)
    expect(targets.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1_000, 6)
    expect(targets.every((target) => target > 0)).toBe(true)
  })
})
