/** What machines may run when a parent starts, by what its former start has left behind. Pure. */

import type { ShardMove } from '../../../../allocator/plan-types.js'
import { parseRanges } from '../../../../allocator/shard-lists.js'
import type { Holdings } from './holdings.js'
import type { LeaseBook } from './lease-book.js'
import type { OwnershipOptions, OwnershipRecord } from './ownership-types.js'
import { overlapping } from './report-match.js'
import type { Whereabouts } from './whereabouts.js'

/**
 * Under leases a machine that was left behind may have been told anything since the record was
 * written, by a start that is not dead but suspended: it may run anything until it is heard, or its
 * lease has ended. Without leases only what a person does moves shards, and the record has it.
 * Returns what belongs elsewhere than at home by that record.
 */
export function formerHoldings(
  { policy, former }: OwnershipOptions,
  where: Whereabouts,
  holdings: Holdings,
  leases: LeaseBook | undefined,
): readonly ShardMove[] {
  for (const machine of where.machines) leases?.open(machine)
  if (former === 'nothing' || (former === 'unknown' && policy === 'hold')) return []
  const record: OwnershipRecord = former === 'unknown' ? { machines: {} } : former
  const kept = new Map(Object.entries(record.machines))
  const wasLeased = former === 'unknown' || [...kept.values()].some(({ lease }) => lease !== null)
  for (const [machine, { shards, lease }] of kept) {
    if (lease && leases) leases.open(machine, lease)
    else leases?.close(machine)
    if (!lease || !leases) holdings.add(machine, overlapping(where, parseRanges(shards)))
  }
  for (const machine of new Set([...where.machines, ...kept.keys()])) {
    if (leases && wasLeased && kept.get(machine)?.lease !== null) holdings.forget(machine)
  }
  return adoptSingleHolders(where, holdings)
}

/** Where the record has an instance on one machine alone, that is where it belongs. */
function adoptSingleHolders(where: Whereabouts, holdings: Holdings): ShardMove[] {
  return [...where.instances].flatMap(({ id, shards, home }) => {
    const [holder, ...others] = holdings.holdersOf(id)
    const isSingle = holder !== undefined && others.length === 0 && where.has(holder)
    if (!isSingle || !where.adopt(id, holder)) return []
    return [{ instance: id, shards, from: home, to: holder }]
  })
}
