/** The record of who may run what, as it is kept for the next start of the parent. Pure. */
import type { ShardRanges } from '../../../../allocator/plan-types.js'
import { formatRanges, listToRanges, parseRanges } from '../../../../allocator/shard-lists.js'
import { limits } from '../../../../limits.js'
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
    const ranges = formatRanges(listToRanges(shards.toSorted((a, b) => a - b)))
    return [name, { shards: ranges, lease: leases?.recordOf(name) ?? null }]
  })
  const isWorth = ([name, { shards }]: [string, MachineRecord]) =>
    shards !== '' || holdings.isUnknown(name)
  return { machines: Object.fromEntries(machines.filter(isWorth)) }
}

/** Of a machine of which nothing was known there are none. */
export function rangesOf(shards: string): ShardRanges {
  return shards === '' ? [] : parseRanges(shards)
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
    rangesOf(value.shards)
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

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= limits.timeoutMsMax
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
