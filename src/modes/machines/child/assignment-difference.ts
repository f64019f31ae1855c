/** What has to be started and ended where one assignment follows another. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { InstancePlan } from '../../../allocator/plan-types.js'
import type { CheckedAssignment } from './assignment-parser.js'

export interface Difference {
  /** Ids of what runs the same shards in both: it is not touched. */
  readonly kept: ReadonlySet<number>
  readonly removed: readonly number[]
  readonly added: readonly InstancePlan[]
}

/** Whether they say the same, in whatever order. */
export function isNone({ removed, added }: Difference): boolean {
  return removed.length === 0 && added.length === 0
}

/**
 * From what runs to what is to run. Undefined when the two differ in more than instances: whatever
 * runs was started with other options, and has to end.
 */
export function differenceOf(
  from: CheckedAssignment,
  to: CheckedAssignment,
): Difference | undefined {
  if (!isDeepStrictEqual({ ...from, instances: [] }, { ...to, instances: [] })) return undefined
  const wanted = new Map(to.instances.map(({ id, shards }) => [id, shards]))
  const [stays, goes] = parted(from.instances, ({ id, shards }) => {
    const then = wanted.get(id)
    return then !== undefined && isDeepStrictEqual(shards, then)
  })
  const kept = new Set(stays.map(({ id }) => id))
  const added = to.instances.filter(({ id }) => !kept.has(id))
  return { kept, removed: goes.map(({ id }) => id), added }
}

function parted<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))]
}
