/**
 * Reads control messages from the other manager. It is authenticated, but it may be another version
 * or have a bug: what is malformed gives undefined, is counted by the caller, and does no harm.
 */
import { parseRanges } from '../../allocator/shard-lists.js'
import type { GatewayState } from '../../instances/dialects/dialect.js'
import { limits } from '../../limits.js'
import { isRecord } from '../../routing/records.js'
import { isDuration } from '../duration.js'
import type {
  ExitSummary,
  InstanceEvent,
  InstancePhase,
  InstanceStatus,
} from '../local/fleet-types.js'
import {
  type AssignedInstance,
  type AssignmentSource,
  type ChildMessage,
  decodeControl,
  type ErrorReport,
  type InstanceAction,
  type LeaseTerms,
  type ParentMessage,
} from './control-messages.js'

type Fields = Record<string, unknown>

const childMessages: Readonly<Record<string, (fields: Fields) => ChildMessage | undefined>> = {
  accepted({ revision, adopted, killTimeoutMs, instances }) {
    const statuses = listOf(instances, parseStatus)
    if (!isCount(revision) || typeof adopted !== 'boolean' || !statuses) return undefined
    if (!isDuration(killTimeoutMs)) return undefined
    return { op: 'accepted', revision, adopted, killTimeoutMs, instances: statuses }
  },
  refused({ revision, error }) {
    const report = parseReport(error)
    return isCount(revision) && report ? { op: 'refused', revision, error: report } : undefined
  },
  running({ source, lease, totalShards, instances }) {
    const running = listOf(instances, parseAssigned)
    const given = source === null ? null : parseSource(source)
    const terms = lease === null ? null : parseTerms(lease)
    if (!isCount(totalShards) || !running || given === undefined) return undefined
    if (terms === undefined) return undefined
    return { op: 'running', source: given, lease: terms, totalShards, instances: running }
  },
  released: ({ revision }) => (isCount(revision) ? { op: 'released', revision } : undefined),
  lease({ n, revision, stopMs }) {
    if (!isCount(n) || !isCount(revision) || !isDuration(stopMs)) return undefined
    return { op: 'lease', n, revision, stopMs }
  },
  round: parseRound,
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
  assign({ lease, assignment, ...fields }) {
    const source = parseSource(fields)
    const terms = lease === null ? null : parseTerms(lease)
    if (source === undefined || terms === undefined) return undefined
    return { op: 'assign', ...source, lease: terms, assignment }
  },
  lease: ({ n }) => (isCount(n) ? { op: 'lease', n } : undefined),
  round: parseRound,
  topology: ({ topology }) => ({ op: 'topology', topology }),
  'topology-patch': ({ patch }) => ({ op: 'topology-patch', patch }),
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
  return fields && isKeyOf(table, fields.op) ? table[fields.op]?.(fields) : undefined
}

const gatewayStates: Readonly<Record<GatewayState, true>> = {
  disconnected: true,
  reconnecting: true,
  resumed: true,
}

type EventParser = (instance: number, fields: Fields) => InstanceEvent | undefined

const events: Readonly<Record<InstanceEvent['type'], EventParser>> = {
  spawned: (instance, { pid }) => ({
    type: 'spawned',
    instance,
    pid: isCount(pid) ? pid : undefined,
  }),
  ready: (instance) => ({ type: 'ready', instance }),
  gateway: (instance, { state }) =>
    isKeyOf(gatewayStates, state) ? { type: 'gateway', instance, state } : undefined,
  exited: (instance, { exit }) => {
    const summary = parseExit(exit)
    return summary && { type: 'exited', instance, exit: summary }
  },
  respawning: (instance, { delayMs }) =>
    isDuration(delayMs) ? { type: 'respawning', instance, delayMs } : undefined,
  'crash-loop': (instance, { exits }) =>
    isCount(exits) ? { type: 'crash-loop', instance, exits } : undefined,
  'start-failed': (instance, fields) => {
    const report = parseReport(fields)
    return report && { type: 'start-failed', instance, ...report }
  },
  stopped: (instance) => ({ type: 'stopped', instance }),
  'respawn-held': (instance, { delayMs, identifiesMax, isNews }) =>
    isDuration(delayMs) && isCount(identifiesMax)
      ? { type: 'respawn-held', instance, delayMs, identifiesMax, isNews: isNews === true }
      : undefined,
  memory: (instance, { memoryMb }) =>
    isCount(memoryMb) ? { type: 'memory', instance, memoryMb } : undefined,
  'memory-limit': (instance, { memoryMb, limitMb }) =>
    isCount(memoryMb) && isCount(limitMb)
      ? { type: 'memory-limit', instance, memoryMb, limitMb }
      : undefined,
}

function parseEvent(value: unknown): InstanceEvent | undefined {
  if (!isRecord(value) || !isCount(value.instance) || !isKeyOf(events, value.type)) return undefined
  return events[value.type](value.instance, value)
}

function parseExit(value: unknown): ExitSummary | undefined {
  if (!isRecord(value)) return undefined
  const { code, signal, message } = value
  return {
    code: Number.isInteger(code) ? Number(code) : null,
    signal: typeof signal === 'string' ? signal : null,
    ...(typeof message === 'string' ? { message } : {}),
  }
}

const phases: Readonly<Record<InstancePhase, true>> = {
  waiting: true,
  starting: true,
  ready: true,
  stopping: true,
  backoff: true,
  'crash-loop': true,
  stopped: true,
}

function parseStatus(value: unknown): InstanceStatus | undefined {
  if (!isRecord(value) || !isCount(value.id) || !isKeyOf(phases, value.phase)) return undefined
  return {
    id: value.id,
    shards: [],
    phase: value.phase,
    pid: isCount(value.pid) ? value.pid : undefined,
    respawns: isCount(value.respawns) ? value.respawns : 0,
    memoryMb: isCount(value.memoryMb) ? value.memoryMb : undefined,
    isHeld: value.isHeld === true,
  }
}

function parseRound({ round }: Fields): { op: 'round'; round: number } | undefined {
  return isCount(round) ? { op: 'round', round } : undefined
}

function parseSource(value: unknown): AssignmentSource | undefined {
  if (!isRecord(value)) return undefined
  const { parent, epoch, revision } = value
  const isSource = typeof parent === 'string' && isCount(epoch) && isCount(revision)
  return isSource ? { parent, epoch, revision } : undefined
}

/** Requests are counted by the length of the lease: a tiny one would be a storm of them. */
function parseTerms(value: unknown): LeaseTerms | undefined {
  if (!isRecord(value) || !isDuration(value.leaseMs)) return undefined
  const { leaseMs } = value
  return leaseMs >= limits.leaseMsMin && leaseMs <= limits.leaseMsMax ? { leaseMs } : undefined
}

function parseAssigned(value: unknown): AssignedInstance | undefined {
  if (!isRecord(value) || !isCount(value.id) || !isRanges(value.shards)) return undefined
  return { id: value.id, shards: value.shards }
}

function isRanges(value: unknown): value is string {
  if (typeof value !== 'string') return false
  try {
    parseRanges(value)
    return true
  } catch {
    return false
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

function isKeyOf<Table extends object>(table: Table, key: unknown): key is keyof Table {
  return typeof key === 'string' && Object.hasOwn(table, key)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isAction(value: unknown): value is InstanceAction {
  return value === 'kill' || value === 'create' || value === 'recreate'
}
