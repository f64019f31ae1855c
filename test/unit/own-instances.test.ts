import { describe, expect, it } from 'vitest'
import { ownInstances } from '../../src/own-instances.js'

/** Those of a child: their ids do not begin with 0. */
const owned = [
  { id: 6, shards: [12, 13], machine: 'b', totalShards: 16 },
  { id: 4, shards: [8, 9], machine: 'a', totalShards: 16 },
  { id: 5, shards: [10, 11], machine: 'a', totalShards: 16 },
]

describe('the instances that a target means', () => {
  it.each([
    ['all', [4, 5, 6]],
    [5, [5]],
    [
      [6, 4, 6],
      [4, 6],
    ],
    [{ instance: { from: 4, to: 5 } }, [4, 5]],
    [{ shard: [13, 8, 12] }, [4, 6]],
    [{ machine: 'a' }, [4, 5]],
    [{ machine: ['b', 'a'] }, [4, 5, 6]],
    [{ guild: (9n << 22n).toString() }, [4]],
  ] as const)('%j', (target, ids) => {
    expect(ownInstances(owned, target)).toEqual(ids)
  })

  it.each([0, { shard: 7 }, { machine: 'c' }, { guild: '0' }, { instance: { from: 6, to: 7 } }])(
    '%j: not among them',
    (target) => {
      expect(() => ownInstances(owned, target)).toThrow(
        expect.objectContaining({ code: 'DM_TARGET_UNKNOWN' }),
      )
    },
  )

  it('is refused when it is no target', () => {
    expect(() => ownInstances(owned, [])).toThrow(
      expect.objectContaining({ code: 'DM_TARGET_INVALID' }),
    )
  })
})
