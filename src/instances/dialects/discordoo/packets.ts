/**
 * The packets that discordoo 0.12.5 and its manager exchange, and the frames they travel in.
 *
 * A frame is `{ type, data }` as JSON with a form feed after it; JSON text holds no raw form feed.
 * `data` is the packet: `{ op, t, d }`.
 */
import { MachinesError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import { isRecord } from '../../../routing/records.js'

/** `op` of a packet. */
export const Op = {
  DISPATCH: 0,
  IDENTIFY: 1,
  HELLO: 2,
  CACHE_OPERATE: 3,
  ERROR: 4,
  EMERGENCY: 5,
  INVALID_SESSION: 6,
} as const

/** `t` of a packet whose op is DISPATCH. */
export const Event = {
  MESSAGE: 'MESSAGE',
  CONNECTED: 'CONNECTED',
  DESTROYING: 'DESTROYING',
  GUILD_MEMBERS_REQUEST: 'GUILD_MEMBERS_REQUEST',
  BROADCAST_EVAL: 'BROADCAST_EVAL',
  REST_LIMITS_SYNC: 'REST_LIMITS_SYNC',
  PRESENCE_UPDATE: 'PRESENCE_UPDATE',
} as const

/** What a packet is about: members of the `d` of a packet, or of a message between dialects. */
export type Fields = Readonly<Record<string, unknown>>

export interface Packet {
  readonly op: number
  readonly t?: string | undefined
  readonly d: Fields
}

/** A packet ready to be sent. */
export interface Frame {
  readonly text: string
  readonly bytes: number
}

export const frameType = '__DDOO__.MESSAGE'
export const frameEnd = '\f'

/** discordoo's sign for a BigInt inside of JSON: this, then its digits. */
export const bigIntMark = '_________ddoo_________n'

/**
 * A packet as a frame. `bigInts`: write BigInts the way discordoo reads them; slower, and only needed
 * for values that come from a manager, since those of bots have been JSON before.
 *
 * Throws DM_BODY_UNSUPPORTED for what JSON cannot say, DM_BODY_TOO_LARGE above
 * limits.channelFrameBytesMax.
 */
export function encodeFrame(packet: Packet, bigInts = false): Frame {
  const text = toJson({ type: frameType, data: packet }, bigInts) + frameEnd
  const bytes = Buffer.byteLength(text)
  if (bytes > limits.channelFrameBytesMax) throw tooLarge(`${bytes} bytes`)
  return { text, bytes }
}

function toJson(value: object, bigInts: boolean): string {
  try {
    return bigInts ? JSON.stringify(value, markBigInt) : JSON.stringify(value)
  } catch (cause) {
    // V8 has no longer strings than half a gigabyte, and none deeper than its stack.
    if (cause instanceof RangeError) throw tooLarge('a value too long or too deep for JSON')
    throw new MachinesError('DM_BODY_UNSUPPORTED', 'a value for a bot cannot be JSON', { cause })
  }
}

function markBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${bigIntMark}${value}` : value
}

function tooLarge(what: string): MachinesError {
  const most = limits.channelFrameBytesMax
  return new MachinesError('DM_BODY_TOO_LARGE', `${what}: a bot takes at most ${most} bytes`)
}

/** What came in a frame as a packet; undefined where it is none. A missing `d` becomes empty. */
export function readPacket(value: unknown): Packet | undefined {
  if (!isRecord(value) || typeof value.op !== 'number') return undefined
  const t = typeof value.t === 'string' ? value.t : undefined
  return { op: value.op, t, d: isRecord(value.d) ? value.d : {} }
}

/** The `event_id` of a packet, by which requests and answers find each other. */
export function eventIdOf({ d }: Packet): string | undefined {
  const id = d.event_id
  return typeof id === 'string' && id !== '' && id.length <= 64 ? id : undefined
}

/** Ids of a list: whole numbers from 0 to `below` - 1, each once, in the order of the list. */
export function idsBelow(list: unknown, below: number): number[] {
  if (!Array.isArray(list)) return []
  const ids = new Set<number>()
  for (const id of list) {
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < below) ids.add(id)
  }
  return [...ids]
}
