/** Reads an assignment that came over the link: nothing in it is believed before it was checked. */

import type { InstancePlan, ShardRanges } from '../../../allocator/plan-types.js'
import { parseRanges, rangesToList } from '../../../allocator/shard-lists.js'
import { MachinesError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import { machineIndexMax } from '../../../routing/endpoint.js'
import type { Assignment } from '../control-messages.js'

/** An assignment whose every field was checked, but for `push` (see applyPush in options). */
export interface CheckedAssignment extends Omit<Assignment, 'instances'> {
  readonly instances: readonly InstancePlan[]
}

export function parseAssignment(value: unknown): CheckedAssignment {
  const given = record(value, 'assignment')
  const totalShards = integer(given.totalShards, 'totalShards', 1, limits.shardsMax)
  return {
    machine: machineName(given.machine),
    index: integer(given.index, 'index', 0, machineIndexMax),
    totalShards,
    callTimeoutMs: integer(given.callTimeoutMs, 'callTimeoutMs', 1, limits.timeoutMsMax),
    push: given.push,
    instances: parseInstances(given.instances, totalShards),
  }
}

function parseInstances(value: unknown, totalShards: number): InstancePlan[] {
  if (!Array.isArray(value) || value.length > totalShards) {
    throw refused('instances', 'a list of up to totalShards instances')
  }
  const ids = new Set<number>()
  const owned = new Set<number>()
  return value.map((entry, position) => {
    const path = `instances[${position}]`
    const given = record(entry, path)
    const id = integer(given.id, `${path}.id`, 0, totalShards - 1)
    const ranges = rangesOf(given.shards, `${path}.shards`)
    // Looked at before the list is spelled out, so that a wrong range takes no memory.
    const areBelow = ranges.every(({ to }) => to < totalShards)
    const shards = areBelow ? rangesToList(ranges) : []
    if (ids.has(id) || shards.length === 0 || shards.some((shard) => owned.has(shard))) {
      throw refused(path, 'ids and shards below totalShards, each given once')
    }
    ids.add(id)
    for (const shard of shards) owned.add(shard)
    return { id, shards }
  })
}

function record(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw refused(path, 'an object')
}

function integer(value: unknown, path: string, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value
  }
  throw refused(path, `an integer from ${min} to ${max}`)
}

/** It stands before every line that instances print, so it may do nothing to a terminal. */
function machineName(value: unknown): string {
  const isName = typeof value === 'string' && value !== '' && !/[\p{C}\p{Zl}\p{Zp}]/u.test(value)
  if (isName && Buffer.byteLength(value) <= limits.machineNameBytesMax) return value
  throw refused('machine', `a printable name of up to ${limits.machineNameBytesMax} bytes`)
}

function rangesOf(value: unknown, path: string): ShardRanges {
  const allowed = 'ascending ranges as 0-31,40'
  if (typeof value !== 'string') throw refused(path, allowed)
  try {
    return parseRanges(value)
  } catch {
    throw refused(path, allowed)
  }
}

function refused(path: string, allowed: string): MachinesError {
  const message = `the assignment of the parent cannot be read: ${path} must be ${allowed}`
  return new MachinesError('DM_ASSIGNMENT_REFUSED', message, { path, allowed })
}
