/** The record of who may run what, as it is kept for the next start of the parent. Pure. */
import { formatShards, parseRanges } from '../../../../allocator/shard-lists.js'
import { isRecord } from '../../../../routing/records.js'
import { isDuration } from '../../../duration.js'
import type { Holdings } from './holdings.js'
import type { LeaseBook } from './lease-book.js'
import type { LeaseRecord, MachineRecord, OwnershipRecord } from './ownership-types.js'
import type { Whereabouts } from './whereabouts.js'

/**
 * What is wanted on a machine counts as well as what it may run: then telling it so needs no other
 * record, and only what moves shards does.
 */
export function recordOf(
  where: Whereabouts,
  holdings: Holdings,
  leases: LeaseBook | undefined,
): OwnershipRecord {
  const names = new Set([...where.machines, ...holdings.machines])
  const machines = [...names].map((name): [string, MachineRecord] => {
    const ids = new Set([...where.wantedOn(name), ...holdings.of(name)])
    const shards = [...ids].flatMap((id) => where.instance(id)?.shards ?? [])
    const ranges = formatShards(shards)
    return [name, { shards: ranges, lease: leases?.recordOf(name) ?? null }]
  })
  const isWorth = ([name, { shards }]: [string, MachineRecord]) =>
    shards !== '' || holdings.isUnknown(name)
  return { machines: Object.fromEntries(machines.filter(isWorth)) }
}

/** Undefined for what no start of a parent has written. */
export function parseRecord(value: unknown): OwnershipRecord | undefined {
  if (!isRecord(value) || !isRecord(value.machines)) return undefined
  const entries = Object.entries(value.machines)
  const machines = entries.map(([name, entry]) => [name, parseMachine(entry)] as const)
  if (machines.some(([, machine]) => machine === undefined)) return undefined
  const known = machines.flatMap(([name, machine]) => (machine ? [[name, machine] as const] : []))
  return { machines: Object.fromEntries(known) }
}

function parseMachine(value: unknown): MachineRecord | undefined {
  if (!isRecord(value) || typeof value.shards !== 'string') return undefined
  const lease = value.lease === null ? null : parseLease(value.lease)
  if (lease === undefined) return undefined
  try {
    parseRanges(value.shards)
    return { shards: value.shards, lease }
  } catch {
    return undefined
  }
}

function parseLease(value: unknown): LeaseRecord | undefined {
  if (!isRecord(value)) return undefined
  const { leaseMs, stopMs } = value
  return isDuration(leaseMs) && isDuration(stopMs) ? { leaseMs, stopMs } : undefined
}
