import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findGaps, findOverlaps, planShards } from '../../../src/allocator/plan-instances.js'
import { listToRanges, rangesToList } from '../../../src/allocator/shard-lists.js'

/** Distinct shards dealt out to some machines, some of which may get none. */
const shares = fc
  .uniqueArray(fc.record({ shard: fc.nat({ max: 200 }), owner: fc.nat({ max: 5 }) }), {
    selector: ({ shard }) => shard,
    maxLength: 120,
  })
  .chain((dealt) =>
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 6, maxLength: 6 }).map((sizes) =>
      sizes.map((shardsPerInstance, index) => ({
        machine: `machine ${index}`,
        shards: dealt.filter(({ owner }) => owner === index).map(({ shard }) => shard),
        shardsPerInstance,
      })),
    ),
  )

const owned = fc.array(fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 30 }), { maxLength: 6 })

describe('planShards', () => {
  it('gives every shard to one instance of its own machine', () => {
    fc.assert(
      fc.property(shares, (given) => {
        const { machines } = planShards(201, given)
        for (const [index, { machine, instances }] of machines.entries()) {
          const planned = instances.flatMap(({ shards }) => shards)
          expect(machine).toBe(given[index]?.machine)
          expect(new Set(planned)).toEqual(new Set(given[index]?.shards))
          expect(planned).toHaveLength(given[index]?.shards.length ?? 0)
        }
      }),
    )
  })

  it('counts instances from 0 without gaps, and stays below the number of shards', () => {
    fc.assert(
      fc.property(shares, (given) => {
        const plan = planShards(201, given)
        const planned = plan.machines.flatMap(({ instances }) => instances.map(({ id }) => id))
        expect(planned).toEqual([...planned.keys()])
        expect(planned.length).toBeLessThanOrEqual(plan.totalShards)
      }),
    )
  })

  it('fills every instance but the last of a machine', () => {
    fc.assert(
      fc.property(shares, (given) => {
        for (const { index, instances } of planShards(201, given).machines) {
          const size = given[index]?.shardsPerInstance ?? 0
          const sizes = instances.map(({ shards }) => shards.length)
          expect(sizes.slice(0, -1).every((one) => one === size)).toBe(true)
          expect(sizes.at(-1) ?? 1).toBeGreaterThan(0)
          expect(sizes.at(-1) ?? 1).toBeLessThanOrEqual(size)
        }
      }),
    )
  })

  it('cuts in the order of the list, and lists the shards of an instance ascending', () => {
    const share = { machine: 'a', shards: [9, 0, 5, 3, 7], shardsPerInstance: 2 }
    expect(planShards(10, [share]).machines[0]?.instances).toEqual([
      { id: 0, shards: [0, 9] },
      { id: 1, shards: [3, 5] },
      { id: 2, shards: [7] },
    ])
  })

  it('refuses a share that cannot be cut, and more instances than shards', () => {
    const share = { machine: 'a', shards: [0, 1], shardsPerInstance: 1 }
    const code = expect.objectContaining({ code: 'DM_INTERNAL' })
    expect(() => planShards(2, [{ ...share, shardsPerInstance: 0 }])).toThrow(code)
    expect(() => planShards(2, [share, share])).toThrow(code)
  })
})

describe('findOverlaps', () => {
  it('names every shard that is owned twice, with owners that really have it', () => {
    fc.assert(
      fc.property(owned, (lists) => {
        const named = new Set<number>()
        for (const { first, second, shards } of findOverlaps(lists.map(listToRanges))) {
          expect(first).toBeLessThan(second)
          for (const shard of rangesToList(shards)) {
            named.add(shard)
            expect(lists[first]).toContain(shard)
            expect(lists[second]).toContain(shard)
          }
        }
        const all = lists.flat()
        expect(named).toEqual(new Set(all.filter((id, index) => all.indexOf(id) !== index)))
      }),
    )
  })

  it('joins what two machines share into one entry', () => {
    const first = [{ from: 0, to: 127 }]
    const second = [{ from: 200, to: 255 }]
    expect(findOverlaps([first, second, [{ from: 100, to: 210 }]])).toEqual([
      { first: 0, second: 2, shards: [{ from: 100, to: 127 }] },
      { first: 1, second: 2, shards: [{ from: 200, to: 210 }] },
    ])
  })
})

describe('findGaps', () => {
  it('finds exactly the shards that nobody has', () => {
    fc.assert(
      fc.property(owned, fc.integer({ min: 1, max: 70 }), (lists, totalShards) => {
        const has = new Set(lists.flat())
        const missing = [...Array(totalShards).keys()].filter((shard) => !has.has(shard))
        expect(rangesToList(findGaps(lists.map(listToRanges), totalShards))).toEqual(missing)
      }),
    )
  })
})
