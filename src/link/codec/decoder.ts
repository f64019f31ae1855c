/**
 * Bytes to frames, without a socket: `push` a chunk, then pull with `next` until it has no more.
 *
 * Pulling, not pushing out, because the phase changes between two frames: the frame that ends the
 * handshake and the first large message may sit in the same chunk, and must not be measured by the
 * same bound. Every byte is looked at once. A frame that lies whole in a chunk is a slice of it; a
 * frame that does not is copied once into its own buffer, taken only after the header was checked.
 */
import { MachinesError } from '../../errors.js'
import {
  type Frame,
  type FrameRule,
  frameHeaderBytes,
  frameRules,
  type Phase,
} from './frame-types.js'
import { decodePreface, mayBecomePreface, type Preface, prefaceBytes } from './preface.js'

export type Decoded = Preface | Frame

type State = 'preface' | 'header' | 'payload' | 'broken'

const nothing = new Uint8Array(0)

export class Decoder {
  #state: State = 'preface'
  #phase: Phase = 'handshake'
  #chunk: Uint8Array = nothing
  #offset = 0
  /** What is being assembled over several chunks, and how much of it is there. */
  #target: Uint8Array = new Uint8Array(prefaceBytes)
  #filled = 0
  #rule: FrameRule | undefined
  /** Reused by all frames: memory taken for five bytes costs more than the rest of a small frame. */
  readonly #header = new Uint8Array(frameHeaderBytes)
  readonly #headerView = new DataView(this.#header.buffer)

  /** Messages of the session may come from now on, and handshake messages no more. */
  open(): void {
    this.#phase = 'open'
  }

  /** Takes the next chunk; all frames of the one before must have been pulled. */
  push(chunk: Uint8Array): void {
    if (this.#state === 'broken' || this.#offset < this.#chunk.length) {
      throw new MachinesError('DM_INTERNAL', 'the decoder was fed before it was emptied')
    }
    this.#chunk = chunk
    this.#offset = 0
  }

  /** The next whole piece, or undefined when more bytes are needed. Throws once, then is broken. */
  next(): Decoded | undefined {
    try {
      for (;;) {
        const piece = this.#gather()
        if (piece === undefined) return undefined
        const decoded = this.#step(piece)
        if (decoded !== undefined) return decoded
      }
    } catch (error) {
      this.#state = 'broken'
      this.#chunk = this.#target = nothing
      throw error
    }
  }

  #step(piece: Uint8Array): Decoded | undefined {
    switch (this.#state) {
      case 'preface':
        this.#expectHeader()
        return decodePreface(piece)
      case 'header':
        return this.#readHeader()
      case 'payload':
        return this.#finish(piece)
      default:
        throw new MachinesError('DM_INTERNAL', 'the decoder was used after it had failed')
    }
  }

  #readHeader(): Frame | undefined {
    const length = this.#headerView.getUint32(0)
    const rule = frameRules.get(this.#headerView.getUint8(4))
    if (rule === undefined || rule.phase !== this.#phase) {
      throw new MachinesError('DM_FRAME_INVALID', 'a frame of this type cannot come here')
    }
    if (length > rule.bytesMax) {
      throw new MachinesError('DM_FRAME_TOO_LARGE', `a ${rule.name} frame is over its bound`, {
        given: `${length} bytes`,
        allowed: `${rule.bytesMax} bytes`,
      })
    }
    if (length < rule.bytesMin) {
      throw new MachinesError('DM_FRAME_INVALID', `a ${rule.name} frame is too short`)
    }
    this.#rule = rule
    this.#state = 'payload'
    return this.#startPayload(length)
  }

  /** The frame at once where the chunk holds all of it; else a buffer for it, taken now. */
  #startPayload(length: number): Frame | undefined {
    const available = this.#chunk.length - this.#offset
    if (available < length) {
      // All of it is written before anybody sees it.
      this.#target = Buffer.allocUnsafe(length)
      this.#filled = 0
      return undefined
    }
    const payload = this.#chunk.subarray(this.#offset, this.#offset + length)
    this.#offset += length
    return this.#finish(payload)
  }

  #finish(payload: Uint8Array): Frame {
    const rule = this.#rule
    if (rule === undefined) throw new MachinesError('DM_INTERNAL', 'a payload without a header')
    this.#expectHeader()
    return { kind: 'frame', name: rule.name, payload }
  }

  #expectHeader(): void {
    this.#state = 'header'
    this.#target = this.#header
    this.#filled = 0
  }

  /** Moves bytes of the chunk into the target; the target when it is full. */
  #gather(): Uint8Array | undefined {
    const count = Math.min(this.#target.length - this.#filled, this.#chunk.length - this.#offset)
    copy(this.#chunk, this.#offset, this.#target, this.#filled, count)
    this.#offset += count
    this.#filled += count
    // The magic is checked byte by byte: a stranger should not get to send even six of them.
    if (this.#state === 'preface' && !mayBecomePreface(this.#target.subarray(0, this.#filled))) {
      throw new MachinesError(
        'DM_PREFACE_INVALID',
        'the first bytes are not those of this protocol',
      )
    }
    return this.#filled === this.#target.length ? this.#target : undefined
  }
}

/** A view on a few bytes costs more than they do. */
function copy(from: Uint8Array, at: number, to: Uint8Array, start: number, count: number): void {
  if (count > frameHeaderBytes) {
    to.set(from.subarray(at, at + count), start)
    return
  }
  for (let index = 0; index < count; index += 1) to[start + index] = from[at + index] ?? 0
}
