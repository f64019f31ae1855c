/** The binary bodies of an open link: DATA, ACK, HEARTBEAT and HEARTBEAT_ACK. Big endian. */
import { MachinesError } from '../../errors.js'

/** Bytes in front of the message in DATA. */
export const dataHeaderBytes = 8

const u32 = 2 ** 32

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * A count of messages as u64. Numbers beyond 2^53 - 1 cannot be held exactly here and are refused:
 * at a million messages per second they would be reached after 285 years.
 */
export function encodeCount(count: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeUInt32BE(Math.floor(count / u32), 0)
  bytes.writeUInt32BE(count % u32, 4)
  return bytes
}

/** Reads the u64 at the beginning; throws DM_FRAME_INVALID beyond 2^53 - 1. */
export function decodeCount(payload: Uint8Array): number {
  const count = view(payload).getUint32(0) * u32 + view(payload).getUint32(4)
  if (!Number.isSafeInteger(count)) {
    throw new MachinesError('DM_FRAME_INVALID', 'a message number is out of range')
  }
  return count
}

export interface DataBody {
  readonly number: number
  readonly message: Uint8Array
}

export function decodeData(payload: Uint8Array): DataBody {
  return { number: decodeCount(payload), message: payload.subarray(dataHeaderBytes) }
}

export function encodeHeartbeat(id: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(id % u32, 0)
  return bytes
}

export function decodeHeartbeat(payload: Uint8Array): number {
  return view(payload).getUint32(0)
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
  return { id: view(payload).getUint32(0), lagMs: view(payload).getUint32(4) }
}
