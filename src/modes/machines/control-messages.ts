/**
 * What parent and child say to each other beside routed envelopes: op-tagged JSON, one union per
 * direction. A link message starts with one byte that tells the two kinds apart.
 */
import type { InstanceEvent, InstanceStatus } from '../local/fleet-types.js'

/** First byte of every link message. */
export const LinkMessageKind = { CONTROL: 1, ENVELOPE: 2 } as const

/** One instance of an assignment; shards as ranges, `96-127`. */
interface AssignedInstance {
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

export interface ErrorReport {
  readonly code: string
  readonly message: string
}

export type InstanceAction = 'kill' | 'create' | 'recreate'

export type ParentMessage =
  /** An Assignment; the child parses it by itself, so that it can say what is wrong with it. */
  | (AssignmentSource & { readonly op: 'assign'; readonly assignment: unknown })
  | { readonly op: 'topology'; readonly topology: unknown }
  | {
      readonly op: 'instance'
      readonly call: number
      readonly action: InstanceAction
      readonly instance: number
    }
  | { readonly op: 'stop'; readonly reason: string }

export type ChildMessage =
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

export function encodeEnvelopeMessage(envelope: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(envelope.length + 1)
  bytes[0] = LinkMessageKind.ENVELOPE
  bytes.set(envelope, 1)
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
