/** The binary bodies of an open link: DATA, ACK, HEARTBEAT and HEARTBEAT_ACK. Big endian. */
import { readU32, writeU32 } from '../../big-endian.js'
import { MachinesError } from '../../errors.js'

/** Bytes in front of the part in DATA: its number, and how much of its message follows. */
export const dataHeaderBytes = 12

const u32 = 2 ** 32

/**
 * A count of parts as u64. Numbers beyond 2^53 - 1 cannot be held exactly here and are refused: at a
 * million parts per second they would be reached after 285 years.
 */
export function encodeCount(count: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(8)
  writeCount(bytes, 0, count)
  return bytes
}

/** Writes a u64 at an offset; of the lower half, what is over 32 bits falls away by itself. */
function writeCount(bytes: Uint8Array, at: number, count: number): void {
  writeU32(bytes, at, Math.floor(count / u32))
  writeU32(bytes, at + 4, count)
}

/** Reads the u64 at the beginning; throws DM_FRAME_INVALID beyond 2^53 - 1. */
export function decodeCount(payload: Uint8Array): number {
  const count = readU32(payload, 0) * u32 + readU32(payload, 4)
  if (!Number.isSafeInteger(count)) {
    throw new MachinesError('DM_FRAME_INVALID', 'a message number is out of range')
  }
  return count
}

/** What one DATA frame carries: a whole message, or a part of a large one. */
export interface Part {
  readonly number: number
  /** Bytes of the same message that follow in the next parts; 0 in the last or only one. */
  readonly rest: number
  readonly bytes: Uint8Array
}

/** What stands in front of the bytes: `u64 number | u32 rest`. */
export function encodeDataHeader({ number, rest }: Part): Uint8Array {
  const header = Buffer.allocUnsafe(dataHeaderBytes)
  writeDataHeader(header, 0, number, rest)
  return header
}

/** Writes the same at an offset. */
export function writeDataHeader(bytes: Uint8Array, at: number, number: number, rest: number): void {
  writeCount(bytes, at, number)
  writeU32(bytes, at + 8, rest)
}

export function decodeData(payload: Uint8Array): Part {
  return {
    number: decodeCount(payload),
    rest: readU32(payload, 8),
    bytes: payload.subarray(dataHeaderBytes),
  }
}

export function encodeHeartbeat(id: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(id % u32, 0)
  return bytes
}

export function decodeHeartbeat(payload: Uint8Array): number {
  return readU32(payload, 0)
}

export interface HeartbeatAnswer {
  readonly id: number
  /** How late the event loop of the answering side ran when it last looked, in whole ms. */
  readonly lagMs: number
}

export function encodeHeartbeatAnswer(answer: HeartbeatAnswer): Uint8Array {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeUInt32BE(answer.id % u32, 0)
  bytes.writeUInt32BE(Math.min(u32 - 1, Math.max(0, Math.round(answer.lagMs))), 4)
  return bytes
}

export function decodeHeartbeatAnswer(payload: Uint8Array): HeartbeatAnswer {
  return { id: readU32(payload, 0), lagMs: readU32(payload, 4) }
}
