/**
 * HELLO, IDENTIFY, CONNECTED: what the manager's side of discordoo's handshake says and concludes.
 * Pure.
 *
 * The bot answers every HELLO of its manager with IDENTIFY, connects to Discord with the shards of
 * the first, and says CONNECTED once all of them are ready, or ERROR when it cannot.
 */
import { MachinesError } from '../../../errors.js'
import type { DialectSpec } from '../dialect.js'
import { errorFromWire } from './errors-on-wire.js'
import type { Packet } from './packets.js'
import { Event, Op } from './packets.js'

export type HandshakeStep =
  | { readonly type: 'recognised' }
  /** It answered the HELLO of this event id. */
  | { readonly type: 'identified'; readonly eventId: unknown }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: MachinesError }
  | { readonly type: 'warning'; readonly error: MachinesError }

/** discordoo's number; a heartbeat does not exist. */
const heartbeatIntervalMs = 5_000

export class Handshake {
  readonly #spec: DialectSpec
  #isRecognised = false
  #end: 'ready' | 'failed' | undefined

  constructor(spec: DialectSpec) {
    this.#spec = spec
  }

  hello(eventId: string): Packet {
    const { managerIpcId, shards, totalShards } = this.#spec
    const d = {
      id: managerIpcId,
      event_id: eventId,
      heartbeat_interval: heartbeatIntervalMs,
      shards,
      total_shards: totalShards,
    }
    return { op: Op.HELLO, d }
  }

  /** What a packet means; undefined for one that is no part of the handshake. */
  receive({ op, t, d }: Packet): HandshakeStep[] | undefined {
    const { instanceIpcId } = this.#spec
    if (op === Op.IDENTIFY) {
      if (d.id !== instanceIpcId) return []
      return [...this.#recognise(), { type: 'identified', eventId: d.event_id }]
    }
    if (op === Op.INVALID_SESSION) {
      if (d.id !== instanceIpcId) return []
      return this.#fail('the bot knows another manager: were its SHARDING_ variables changed?')
    }
    if (d.event_id !== instanceIpcId) return undefined
    if (op === Op.ERROR) return this.#fail('the bot could not connect to Discord', d.error)
    if (op !== Op.DISPATCH || t !== Event.CONNECTED) return undefined
    if (!this.#isRecognised || this.#end !== undefined) return []
    this.#end = 'ready'
    return [{ type: 'ready' }]
  }

  #recognise(): HandshakeStep[] {
    if (this.#isRecognised) return []
    this.#isRecognised = true
    return [{ type: 'recognised' }]
  }

  #fail(what: string, reported?: unknown): HandshakeStep[] {
    if (this.#end === 'failed') return []
    const { instance } = this.#spec
    const error = startError(what, instance, reported)
    // Once it was ready its end is its own affair: what it says is passed on, and nothing is ended.
    if (this.#end === 'ready') return [{ type: 'warning', error }]
    this.#end = 'failed'
    return [...this.#recognise(), { type: 'failed', error }]
  }
}

function startError(what: string, instance: number, reported: unknown): MachinesError {
  if (reported === undefined) {
    return new MachinesError('DM_INSTANCE_START_FAILED', what, { instance })
  }
  const { name, message, stack } = errorFromWire(reported)
  // Nothing else of it: errors of REST libraries carry their request, and with it the token.
  const cause = Object.assign(new Error(message), { name })
  if (stack !== undefined) Object.defineProperty(cause, 'stack', { value: stack })
  const details = { instance, cause }
  return new MachinesError('DM_INSTANCE_START_FAILED', `${what}: ${name}: ${message}`, details)
}
