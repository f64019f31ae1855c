/** What a child says of what it runs when a session begins. Pure. */
import { formatShards } from '../../../allocator/shard-lists.js'
import type { AssignmentSource, ChildMessage } from '../control-messages.js'
import type { Running } from './child-workload.js'

export type RunningReport = Omit<Extract<ChildMessage, { op: 'running' }>, 'op'>

/** But for the lease, which others know of. */
export type WorkReport = Omit<RunningReport, 'lease'>

/** Every instance that may live or be started again counts, those that are being ended included. */
export function workReport(
  running: Running | undefined,
  source: AssignmentSource | undefined,
): WorkReport {
  if (running === undefined) return { source: null, totalShards: 0, instances: [] }
  const instances = running.fleet
    .status()
    .map(({ id, shards }) => ({ id, shards: formatShards(shards) }))
  return { source: source ?? null, totalShards: running.assignment.totalShards, instances }
}
