/**
 * One own message as the outbox keeps it until the peer has confirmed it. A small one lies in memory
 * as the frame that it goes out as, so that sending it, and sending it again, moves no byte of it. A
 * large one is cut into parts as they go out.
 */
import { limits } from '../limits.js'
import { dataFrameHeadBytes, type ReadyFrame, writeDataFrameHead } from './codec/encoder.js'
import { dataHeaderBytes, type Part } from './codec/payloads.js'
import type { Shelf } from './shelf.js'

/** What one kept message costs beside its bytes, so that empty messages have a bound as well. */
export const messageOverheadBytes = 128

/** Bytes of a message in one frame. */
export const partBytesMax: number = limits.frameBytesMax - dataHeaderBytes

/** Up to here copying is cheaper than anything that would avoid it. */
const smallBytesMax = 2 * 1024

/** A part on its way out. */
export interface OutgoingPart extends Part {
  /** The whole DATA frame, where it lies ready. */
  readonly frame: ReadyFrame | undefined
}

export interface KeptMessage {
  /** What it counts against the bound. */
  readonly cost: number
  /** Number of its last part. */
  readonly last: number
  readonly bytes: Uint8Array
  /** The part with this number, which is one of its own. */
  part(number: number): OutgoingPart
}

/** Keeps `head` and `bytes` as one message, whose parts are numbered from `number` on. */
export function keepMessage(
  shelf: Shelf,
  number: number,
  head: Uint8Array,
  bytes: Uint8Array,
): KeptMessage {
  const length = head.length + bytes.length
  if (length > smallBytesMax) return new LargeMessage(number, joined(head, bytes))
  const from = shelf.take(dataFrameHeadBytes + length)
  const { board } = shelf
  const begin = from + dataFrameHeadBytes
  board.set(head, begin)
  board.set(bytes, begin + head.length)
  writeDataFrameHead(board, from, number, length)
  return new SmallMessage(number, board, from, begin + length)
}

/** Its own only part. */
class SmallMessage implements KeptMessage, OutgoingPart, ReadyFrame {
  readonly number: number
  readonly rest = 0
  readonly board: Uint8Array
  readonly from: number
  readonly until: number

  constructor(number: number, board: Uint8Array, from: number, until: number) {
    this.number = number
    this.board = board
    this.from = from
    this.until = until
  }

  get last(): number {
    return this.number
  }

  get cost(): number {
    return this.until - this.from - dataFrameHeadBytes + messageOverheadBytes
  }

  get bytes(): Uint8Array {
    return this.board.subarray(this.from + dataFrameHeadBytes, this.until)
  }

  get frame(): ReadyFrame {
    return this
  }

  part(): OutgoingPart {
    return this
  }
}

class LargeMessage implements KeptMessage {
  readonly bytes: Uint8Array
  readonly last: number
  readonly #first: number

  constructor(first: number, bytes: Uint8Array) {
    this.bytes = bytes
    this.#first = first
    this.last = first + Math.ceil(bytes.length / partBytesMax) - 1
  }

  get cost(): number {
    return this.bytes.buffer.byteLength + messageOverheadBytes
  }

  part(number: number): OutgoingPart {
    const from = (number - this.#first) * partBytesMax
    const until = Math.min(from + partBytesMax, this.bytes.length)
    const rest = this.bytes.length - until
    return { number, rest, bytes: this.bytes.subarray(from, until), frame: undefined }
  }
}

/** The bytes given, where they keep little but themselves alive; else a copy. */
function joined(head: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (head.length === 0 && bytes.buffer.byteLength < bytes.length * 2) return bytes
  const copy = Buffer.allocUnsafeSlow(head.length + bytes.length)
  copy.set(head)
  copy.set(bytes, head.length)
  return copy
}
