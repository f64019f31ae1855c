/** Who runs what: shares of machines into instances, and what is owned twice or by nobody. */
import { MachinesError } from '../errors.js'
import type { MachineShare, ShardPlan, ShardRanges } from './plan-types.js'
import type { ShardRange } from './shard-range.js'

/**
 * Plans the instances of all machines.
 *
 * Each machine's shards are cut, in the order of its list, into instances of `shardsPerInstance`;
 * the last one of a machine may have fewer. Instance ids count from 0 without gaps in the order of
 * the machines, so they stay below `totalShards` as long as no shard is owned twice (see
 * {@link findOverlaps}, which callers ask first). Throws DM_INTERNAL for a share that cannot be cut.
 */
export function planShards(totalShards: number, shares: readonly MachineShare[]): ShardPlan {
  let nextId = 0
  const machines = shares.map(({ machine, shards, shardsPerInstance }, index) => {
    const instances = chunks(shards, shardsPerInstance).map((chunk) => {
      const id = nextId
      nextId += 1
      return { id, shards: chunk.toSorted((a, b) => a - b) }
    })
    return { index, machine, instances }
  })
  if (nextId > totalShards) {
    throw new MachinesError('DM_INTERNAL', `${nextId} instances planned for ${totalShards} shards`)
  }
  return { totalShards, machines }
}

function chunks(list: readonly number[], size: number): number[][] {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new MachinesError('DM_INTERNAL', `a plan with ${size} shards per instance`)
  }
  const result: number[][] = []
  for (let start = 0; start < list.length; start += size) {
    result.push(list.slice(start, start + size))
  }
  return result
}

/** Shards that two machines were given. */
export interface ShardOverlap {
  /** Position of the machine that has the shards first. */
  readonly first: number
  /** Position of the other. */
  readonly second: number
  readonly shards: ShardRanges
}

interface OwnedRange extends ShardRange {
  readonly owner: number
}

/**
 * Finds what machines were given twice, as one entry for each pair of machines.
 *
 * Ranges are walked in ascending order beside the one that reaches furthest so far: whatever a new
 * range shares with any earlier one, it shares with that one. So every doubly owned shard is named
 * and the work is n log n in the number of ranges; a shard owned three times is not named for all
 * three pairs.
 */
export function findOverlaps(shares: readonly ShardRanges[]): readonly ShardOverlap[] {
  const pairs = new Map<string, { first: number; second: number; shards: ShardRange[] }>()
  let furthest: OwnedRange | undefined
  for (const range of ascending(shares)) {
    if (furthest !== undefined && range.from <= furthest.to) {
      const first = Math.min(furthest.owner, range.owner)
      const second = Math.max(furthest.owner, range.owner)
      const pair = pairs.get(`${first} ${second}`) ?? { first, second, shards: [] }
      pair.shards.push({ from: range.from, to: Math.min(range.to, furthest.to) })
      pairs.set(`${first} ${second}`, pair)
    }
    if (furthest === undefined || range.to > furthest.to) furthest = range
  }
  return [...pairs.values()].toSorted((a, b) => a.first - b.first || a.second - b.second)
}

/** Finds the shards below `totalShards` that no machine was given, as ascending ranges. */
export function findGaps(shares: readonly ShardRanges[], totalShards: number): ShardRanges {
  const gaps: ShardRange[] = []
  let next = 0
  for (const { from, to } of ascending(shares)) {
    if (from > next) gaps.push({ from: next, to: Math.min(from, totalShards) - 1 })
    next = Math.max(next, to + 1)
    if (next >= totalShards) return gaps
  }
  return [...gaps, { from: next, to: totalShards - 1 }]
}

function ascending(shares: readonly ShardRanges[]): readonly OwnedRange[] {
  return shares
    .flatMap((ranges, owner) => ranges.map(({ from, to }) => ({ from, to, owner })))
    .toSorted((a, b) => a.from - b.from || a.owner - b.owner)
}
