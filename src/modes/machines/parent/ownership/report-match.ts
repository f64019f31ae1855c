/** What the report of a machine means for this plan. Pure. */
import type { ShardRanges } from '../../../../allocator/plan-types.js'
import { formatRanges, formatShards } from '../../../../allocator/shard-lists.js'
import type { RunningReport } from './ownership-types.js'
import type { Whereabouts } from './whereabouts.js'

export interface ReportMatch {
  /** Instances as this plan has them. */
  readonly same: readonly number[]
  /** Instances some shards of which run there in another shape, from other options. */
  readonly blocked: readonly number[]
}

export function matchReport(
  { totalShards, instances }: RunningReport,
  ownTotal: number,
  where: Whereabouts,
): ReportMatch {
  const isOurs = ({ id, shards }: { id: number; shards: ShardRanges }) => {
    const own = where.instance(id)
    return own !== undefined && formatShards(own.shards) === formatRanges(shards)
  }
  if (instances.length === 0) return { same: [], blocked: [] }
  // With another total, shard numbers mean other guilds: then any of them may be served twice.
  if (totalShards !== ownTotal) return { same: [], blocked: allOf(where) }
  const same = instances.filter(isOurs).map(({ id }) => id)
  if (same.length === instances.length) return { same, blocked: [] }
  const known = new Set(same)
  const foreign = instances.filter(({ id }) => !known.has(id)).flatMap(({ shards }) => shards)
  return { same, blocked: overlapping(where, foreign) }
}

/** The instances of the plan that have one of these shards. */
export function overlapping(where: Whereabouts, ranges: ShardRanges): readonly number[] {
  return [...where.instances]
    .filter(({ shards }) => ranges.some((range) => has(shards, range)))
    .map(({ id }) => id)
}

function has(shards: readonly number[], { from, to }: ShardRanges[number]): boolean {
  return shards.some((shard) => shard >= from && shard <= to)
}

function allOf(where: Whereabouts): readonly number[] {
  return [...where.instances].map(({ id }) => id)
}
