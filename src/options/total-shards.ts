/** How many shards the whole bot has: as given, or the highest shard and one. */
import type { ShardRanges } from '../allocator/plan-types.js'
import type { Place } from './place.js'

/** `owned`: the shards of each machine. A total that leaves an owned shard out is a fault. */
export function resolveTotalShards(
  given: number | undefined,
  owned: readonly ShardRanges[],
  at: Place,
): number | undefined {
  let highest = -1
  for (const ranges of owned) highest = Math.max(highest, ranges.at(-1)?.to ?? -1)
  if (given === undefined) return highest + 1
  if (given > highest) return given
  const allowed = `${highest + 1} or more (the highest shard is ${highest})`
  return at.child('totalShards').expected('DM_OPTION_CONFLICT', allowed, given)
}
