/**
 * What parent and child say to each other beside routed envelopes: op-tagged JSON, one union per
 * direction. A link message starts with one byte that tells the two kinds apart.
 */
import type { InstanceEvent, InstanceStatus } from '../local/fleet-types.js'

/** First byte of every link message. */
export const LinkMessageKind = { CONTROL: 1, ENVELOPE: 2 } as const

/** One instance of an assignment; shards as ranges, `96-127`. */
export interface AssignedInstance {
  readonly id: number
  readonly shards: string
}

/** What a machine is told to run. Two equal assignments need no action: what runs is adopted. */
export interface Assignment {
  /** Name of the machine, as the parent calls it. */
  readonly machine: string
  /** Position of the machine's point. */
  readonly index: number
  readonly totalShards: number
  readonly callTimeoutMs: number
  /** PushedOptions; the child checks every field before it believes it. */
  readonly push: unknown
  readonly instances: readonly AssignedInstance[]
}

/**
 * Who says what a machine has to run, and how late: a later start of a parent has a higher epoch,
 * and within one start a later assignment to the same machine has a higher revision.
 */
export interface AssignmentSource extends ParentSelf {
  readonly revision: number
}

/** Which start of which parent. */
export interface ParentSelf {
  /** Public key of the parent, base64. */
  readonly parent: string
  readonly epoch: number
}

/** Under `reassign`: how long a machine may run what it was told after its last granted request. */
export interface LeaseTerms {
  readonly leaseMs: number
}

/**
 * A machine asks that its lease go on. It counts `leaseMs` from the moment it sent this; the parent
 * counts from its grant, which is later, so nothing is given away too early.
 */
export interface LeaseRequest {
  /** Counts the requests of this child. */
  readonly n: number
  /** Of the assignment in force or about to be; the parent grants none for an older one. */
  readonly revision: number
  /** Longest time that instances may live on after the lease has ended, ms. */
  readonly stopMs: number
}

export interface ErrorReport {
  readonly code: string
  readonly message: string
}

export type InstanceAction = 'kill' | 'create' | 'recreate'

export type ParentMessage =
  /** An Assignment; the child parses it by itself, so that it can say what is wrong with it. */
  | (AssignmentSource & {
      readonly op: 'assign'
      /** Null: it runs until it is told otherwise. */
      readonly lease: LeaseTerms | null
      readonly assignment: unknown
    })
  /** Grants lease request `n`. */
  | { readonly op: 'lease'; readonly n: number }
  /** To be answered at once: a parent that was suspended learns who answers it now. */
  | { readonly op: 'round'; readonly round: number }
  | { readonly op: 'topology'; readonly topology: unknown }
  /** What has changed in the topology that this session was told before. */
  | { readonly op: 'topology-patch'; readonly patch: unknown }
  | {
      readonly op: 'instance'
      readonly call: number
      readonly action: InstanceAction
      readonly instance: number
    }
  | { readonly op: 'stop'; readonly reason: string }

export type ChildMessage =
  /**
   * What runs now, by whose word; the first message of every session, and told again when a lease
   * has ended and everything was stopped for it.
   */
  | {
      readonly op: 'running'
      readonly source: AssignmentSource | null
      /** By which it runs; null: for as long as nobody says otherwise. */
      readonly lease: LeaseTerms | null
      readonly totalShards: number
      readonly instances: readonly AssignedInstance[]
    }
  /** The assignment is in force. `adopted`: it was running already, nothing was restarted. */
  | {
      readonly op: 'accepted'
      readonly revision: number
      readonly adopted: boolean
      /** How long each step of stopping its instances may take, ms. */
      readonly killTimeoutMs: number
      readonly instances: readonly InstanceStatus[]
    }
  | { readonly op: 'refused'; readonly revision: number; readonly error: ErrorReport }
  /** Everything that is not in assignment `revision` has surely exited. */
  | { readonly op: 'released'; readonly revision: number }
  | ({ readonly op: 'lease' } & LeaseRequest)
  /** Answers the same of the parent. */
  | { readonly op: 'round'; readonly round: number }
  | { readonly op: 'event'; readonly event: InstanceEvent }
  | { readonly op: 'started'; readonly revision: number }
  | {
      readonly op: 'failed'
      readonly revision: number
      readonly failures: readonly (ErrorReport & { readonly instance?: number })[]
    }
  | { readonly op: 'instance-done'; readonly call: number; readonly error?: ErrorReport }
  | { readonly op: 'stopped' }

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export function encodeControl(message: ParentMessage | ChildMessage): Uint8Array {
  const json = encoder.encode(JSON.stringify(message))
  const bytes = new Uint8Array(json.length + 1)
  bytes[0] = LinkMessageKind.CONTROL
  bytes.set(json, 1)
  return bytes
}

/** The JSON of a control message, or undefined when it is not one object with an `op`. */
export function decodeControl(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes.subarray(1)))
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return typeof Reflect.get(value, 'op') === 'string' ? { ...value } : undefined
  } catch {
    return undefined
  }
}
