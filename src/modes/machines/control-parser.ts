/**
 * Reads control messages from the other manager. It is authenticated, but it may be another version
 * or have a bug: what is malformed gives undefined, is counted by the caller, and does no harm.
 */
import type { InstanceEvent, InstancePhase, InstanceStatus } from '../local/fleet-types.js'
import {
  type ChildMessage,
  decodeControl,
  type ErrorReport,
  type InstanceAction,
  type ParentMessage,
} from './control-messages.js'

type Fields = Record<string, unknown>

const childMessages: Readonly<Record<string, (fields: Fields) => ChildMessage | undefined>> = {
  accepted({ revision, adopted, instances }) {
    const statuses = listOf(instances, parseStatus)
    if (!isCount(revision) || typeof adopted !== 'boolean' || !statuses) return undefined
    return { op: 'accepted', revision, adopted, instances: statuses }
  },
  refused({ revision, error }) {
    const report = parseReport(error)
    return isCount(revision) && report ? { op: 'refused', revision, error: report } : undefined
  },
  event({ event }) {
    const parsed = parseEvent(event)
    return parsed && { op: 'event', event: parsed }
  },
  started: ({ revision }) => (isCount(revision) ? { op: 'started', revision } : undefined),
  failed({ revision, failures }) {
    const reports = listOf(failures, parseFailure)
    return isCount(revision) && reports ? { op: 'failed', revision, failures: reports } : undefined
  },
  'instance-done'({ call, error }) {
    if (!isCount(call)) return undefined
    if (error === undefined) return { op: 'instance-done', call }
    const report = parseReport(error)
    return report && { op: 'instance-done', call, error: report }
  },
  stopped: () => ({ op: 'stopped' }),
}

const parentMessages: Readonly<Record<string, (fields: Fields) => ParentMessage | undefined>> = {
  assign({ revision, assignment }) {
    if (!isCount(revision)) return undefined
    // The assignment has a parser of its own, which says what is wrong with it.
    return { op: 'assign', revision, assignment: assignment as never }
  },
  topology: ({ topology }) => ({ op: 'topology', topology }),
  instance({ call, action, instance }) {
    if (!isCount(call) || !isCount(instance) || !isAction(action)) return undefined
    return { op: 'instance', call, action, instance }
  },
  stop: ({ reason }) => (typeof reason === 'string' ? { op: 'stop', reason } : undefined),
}

export function parseChildMessage(bytes: Uint8Array): ChildMessage | undefined {
  return parseWith(childMessages, bytes)
}

export function parseParentMessage(bytes: Uint8Array): ParentMessage | undefined {
  return parseWith(parentMessages, bytes)
}

function parseWith<M>(
  table: Readonly<Record<string, (fields: Fields) => M | undefined>>,
  bytes: Uint8Array,
): M | undefined {
  const fields = decodeControl(bytes)
  if (!fields || !Object.hasOwn(table, String(fields.op))) return undefined
  return table[String(fields.op)]?.(fields)
}

const eventTypes: ReadonlySet<unknown> = new Set<InstanceEvent['type']>([
  'spawned',
  'ready',
  'exited',
  'respawning',
  'crash-loop',
  'start-failed',
  'stopped',
])

const phases: ReadonlySet<unknown> = new Set<InstancePhase>([
  'waiting',
  'starting',
  'ready',
  'stopping',
  'backoff',
  'crash-loop',
  'stopped',
])

function parseEvent(value: unknown): InstanceEvent | undefined {
  if (!isRecord(value) || !eventTypes.has(value.type) || !isCount(value.instance)) return undefined
  if (value.type === 'exited' && !isRecord(value.exit)) return undefined
  return value as unknown as InstanceEvent
}

function parseStatus(value: unknown): InstanceStatus | undefined {
  if (!isRecord(value) || !isCount(value.id) || !phases.has(value.phase)) return undefined
  return {
    id: value.id,
    shards: [],
    phase: value.phase as InstancePhase,
    pid: isCount(value.pid) ? value.pid : undefined,
    respawns: isCount(value.respawns) ? value.respawns : 0,
  }
}

function parseReport(value: unknown): ErrorReport | undefined {
  if (!isRecord(value)) return undefined
  const { code, message } = value
  return typeof code === 'string' && typeof message === 'string' ? { code, message } : undefined
}

function parseFailure(value: unknown): (ErrorReport & { instance?: number }) | undefined {
  const report = parseReport(value)
  if (!report || !isRecord(value)) return undefined
  return isCount(value.instance) ? { ...report, instance: value.instance } : report
}

function listOf<T>(value: unknown, parse: (item: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const parsed = value.map(parse).filter((item) => item !== undefined)
  return parsed.length === value.length ? parsed : undefined
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isAction(value: unknown): value is InstanceAction {
  return value === 'kill' || value === 'create' || value === 'recreate'
}
