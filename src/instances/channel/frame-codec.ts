/**
 * Frames on the local channel: `u32 length, big endian | u8 op | payload`, where length counts the
 * op and the payload. Pure: bytes in, frames out, and the other way round.
 */
import { writeU32 } from '../../big-endian.js'
import { MachinesError } from '../../errors.js'
import { limits } from '../../limits.js'

export interface ChannelFrame {
  readonly op: number
  /** May be a view on the bytes that were pushed. */
  readonly payload: Uint8Array
}

const headerBytes = 4
const prefixBytes = headerBytes + 1

/**
 * Payloads up to this size are copied next to their neighbours, so that many small frames leave as
 * one chunk; copying larger ones would cost more than the system call it saves.
 */
const joinBytesMax = 16 * 1024

const nothing = new Uint8Array(0)

/** Bytes that a frame with this payload takes on the channel. */
export function frameBytes(payload: Uint8Array = nothing): number {
  return prefixBytes + payload.length
}

/** The frames as chunks to be written in this order: small ones joined, big ones not copied. */
export function encodeFrames(frames: readonly ChannelFrame[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let run: ChannelFrame[] = []
  let bytes = 0
  for (const frame of frames) {
    const isBig = frame.payload.length > joinBytesMax
    run.push(frame)
    bytes += isBig ? prefixBytes : frameBytes(frame.payload)
    if (!isBig) continue
    chunks.push(layFrames(run, Buffer.allocUnsafe(bytes)), frame.payload)
    run = []
    bytes = 0
  }
  if (run.length > 0) chunks.push(layFrames(run, Buffer.allocUnsafe(bytes)))
  return chunks
}

/** Bytes that all of the frames take. */
export function bytesOfAll(frames: readonly ChannelFrame[]): number {
  let bytes = 0
  for (const { payload } of frames) bytes += frameBytes(payload)
  return bytes
}

/** Lays frames side by side; of a big one, which is the last, only the prefix may have room. */
export function layFrames<Chunk extends Uint8Array>(
  frames: readonly ChannelFrame[],
  chunk: Chunk,
): Chunk {
  let at = 0
  for (const { op, payload } of frames) {
    writeU32(chunk, at, 1 + payload.length)
    chunk[at + headerBytes] = op
    at += prefixBytes
    if (at + payload.length <= chunk.length) chunk.set(payload, at)
    at += payload.length
  }
  return chunk
}

/**
 * Cuts a stream of bytes into frames: `push` a chunk, then pull with `next` until it has no more.
 *
 * A frame that lies whole in a chunk is a view on it. One that does not is copied once into memory
 * of its own, taken only after its length was checked.
 */
export class FrameDecoder {
  readonly #lengthMax: number
  #chunk: Uint8Array = nothing
  #offset = 0
  #length = 0
  /** Bytes of the length that have been read. */
  #lengthBytes = 0
  /** Op and payload of a frame that comes in several chunks, and how much of it is there. */
  #body: Uint8Array | undefined
  #filled = 0

  /** @param lengthMax largest announced length that is accepted, op included. */
  constructor(lengthMax: number = limits.channelFrameBytesMax) {
    this.#lengthMax = lengthMax
  }

  /** Takes the next chunk; what was not pulled of the one before comes first. */
  push(bytes: Uint8Array): void {
    const rest = this.#chunk.subarray(this.#offset)
    this.#chunk = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    this.#offset = 0
  }

  /**
   * The next frame, in order; undefined when more bytes are needed.
   *
   * A length of zero or above the limit throws DM_CHANNEL_PROTOCOL as soon as its four bytes are
   * there, before anything of its body is kept, and so does every call after that.
   */
  next(): ChannelFrame | undefined {
    const frame = this.#readLength() ? this.#readFrame() : undefined
    if (frame !== undefined) {
      this.#lengthBytes = 0
      return frame
    }
    // All of it was read; a channel that is quiet must not keep its last chunk alive.
    this.#chunk = nothing
    this.#offset = 0
    return undefined
  }

  #readLength(): boolean {
    while (this.#lengthBytes < headerBytes) {
      if (this.#offset === this.#chunk.length) return false
      this.#length = ((this.#length << 8) | (this.#chunk[this.#offset] ?? 0)) >>> 0
      this.#offset += 1
      this.#lengthBytes += 1
    }
    this.#checkLength()
    return true
  }

  #readFrame(): ChannelFrame | undefined {
    if (this.#body !== undefined || this.#chunk.length - this.#offset < this.#length) {
      return this.#gather()
    }
    const from = this.#offset
    this.#offset += this.#length
    return frameOf(this.#chunk, from, this.#offset)
  }

  #gather(): ChannelFrame | undefined {
    // Memory that is not cleared costs a fraction, and none of it is shown before it is filled.
    this.#body ??= Buffer.allocUnsafe(this.#length)
    const end = this.#offset + this.#length - this.#filled
    const piece = this.#chunk.subarray(this.#offset, end)
    this.#body.set(piece, this.#filled)
    this.#offset += piece.length
    this.#filled += piece.length
    if (this.#filled < this.#length) return undefined
    const whole = this.#body
    this.#body = undefined
    this.#filled = 0
    return frameOf(whole, 0, whole.length)
  }

  #checkLength(): void {
    if (this.#length > 0 && this.#length <= this.#lengthMax) return
    throw new MachinesError(
      'DM_CHANNEL_PROTOCOL',
      `a frame on the local channel announces ${this.#length} bytes; 1 to ${this.#lengthMax} are allowed`,
    )
  }
}

function frameOf(bytes: Uint8Array, from: number, to: number): ChannelFrame {
  return { op: bytes[from] ?? 0, payload: bytes.subarray(from + 1, to) }
}
