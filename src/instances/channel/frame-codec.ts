/**
 * Frames on the local channel: `u32 length, big endian | u8 op | payload`, where length counts the
 * op and the payload. Pure: bytes in, frames out, and the other way round.
 */
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

function writePrefix(target: Uint8Array, at: number, frame: ChannelFrame): void {
  new DataView(target.buffer, target.byteOffset).setUint32(at, 1 + frame.payload.length)
  target[at + headerBytes] = frame.op
}

/** Lays neighbouring small frames (and the prefix of the big one after them) into one chunk. */
function joined(frames: readonly ChannelFrame[], prefixOf: ChannelFrame | undefined): Uint8Array {
  const bytes = frames.reduce((sum, frame) => sum + frameBytes(frame.payload), 0)
  const chunk = new Uint8Array(bytes + (prefixOf === undefined ? 0 : prefixBytes))
  let at = 0
  for (const frame of frames) {
    writePrefix(chunk, at, frame)
    chunk.set(frame.payload, at + prefixBytes)
    at += frameBytes(frame.payload)
  }
  if (prefixOf !== undefined) writePrefix(chunk, at, prefixOf)
  return chunk
}

/** The frames as chunks to be written in this order: small ones joined, big ones not copied. */
export function encodeFrames(frames: readonly ChannelFrame[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let small: ChannelFrame[] = []
  for (const frame of frames) {
    if (frame.payload.length <= joinBytesMax) {
      small.push(frame)
      continue
    }
    chunks.push(joined(small, frame), frame.payload)
    small = []
  }
  if (small.length > 0) chunks.push(joined(small, undefined))
  return chunks
}

/** Bytes gathered until there are as many as were asked for; a single chunk is not copied. */
class Gatherer {
  #chunks: Uint8Array[] = []
  #bytes = 0

  /** Takes what `source` still has from `at`, up to `want` bytes in all; returns how many it took. */
  take(source: Uint8Array, at: number, want: number): number {
    const count = Math.min(want - this.#bytes, source.length - at)
    if (count > 0) this.#chunks.push(source.subarray(at, at + count))
    this.#bytes += count
    return count
  }

  has(want: number): boolean {
    return this.#bytes === want
  }

  release(): Uint8Array {
    const [only] = this.#chunks
    const whole =
      this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#bytes = 0
    return whole
  }
}

/** Cuts a stream of bytes into frames. */
export class FrameDecoder {
  readonly #lengthMax: number
  readonly #gatherer = new Gatherer()
  /** Length of the frame whose body is being gathered; undefined while its header is. */
  #length: number | undefined

  /** @param lengthMax largest announced length that is accepted, op included. */
  constructor(lengthMax: number = limits.channelFrameBytesMax) {
    this.#lengthMax = lengthMax
  }

  /**
   * Yields the frames that `bytes` complete, in order.
   *
   * A length of zero or above the limit throws DM_CHANNEL_PROTOCOL as soon as its four bytes are
   * there, before anything of its body is kept. The decoder is of no use after that.
   */
  *push(bytes: Uint8Array): Generator<ChannelFrame> {
    let at = 0
    for (;;) {
      const want: number = this.#length ?? headerBytes
      at += this.#gatherer.take(bytes, at, want)
      if (!this.#gatherer.has(want)) return
      const whole = this.#gatherer.release()
      if (this.#length === undefined) {
        this.#length = this.#checkedLength(whole)
      } else {
        this.#length = undefined
        yield { op: whole[0] ?? 0, payload: whole.subarray(1) }
      }
    }
  }

  #checkedLength(header: Uint8Array): number {
    const length = new DataView(header.buffer, header.byteOffset).getUint32(0)
    if (length > 0 && length <= this.#lengthMax) return length
    throw new MachinesError(
      'DM_CHANNEL_PROTOCOL',
      `a frame on the local channel announces ${length} bytes; 1 to ${this.#lengthMax} are allowed`,
    )
  }
}
