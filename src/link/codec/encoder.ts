/**
 * Frames to bytes. Frames are collected and taken out together, small pieces joined and large ones
 * passed on as they are, so that one turn of the event loop costs one write however many frames it
 * made, and a large body is never copied.
 */
import { writeU32 } from '../../big-endian.js'
import type { Decoded } from './decoder.js'
import { type FrameName, frameHeaderBytes, frameTypes } from './frame-types.js'
import { dataHeaderBytes, writeDataHeader } from './payloads.js'

/** Bytes in front of the part in a DATA frame. */
export const dataFrameHeadBytes: number = frameHeaderBytes + dataHeaderBytes

/** A whole frame that lies ready on a board, which stays as it is. */
export interface ReadyFrame {
  readonly board: Uint8Array
  readonly from: number
  readonly until: number
}

/** Writes both headers of a DATA frame of a whole message in front of its bytes. */
export function writeDataFrameHead(
  board: Uint8Array,
  at: number,
  number: number,
  bytes: number,
): void {
  writeFrameHeader(board, at, frameTypes.DATA, dataHeaderBytes + bytes)
  writeDataHeader(board, at + frameHeaderBytes, number, 0)
}

/** Writes `u32 length | u8 type` at an offset. */
function writeFrameHeader(bytes: Uint8Array, at: number, type: number, length: number): void {
  writeU32(bytes, at, length)
  bytes[at + 4] = type
}

/** Below this size copying a piece is cheaper than handing it to the kernel on its own. */
const joinBytesMax = 4_096

export class Encoder {
  #pieces: Uint8Array[] = []
  /** Ready frames that lie side by side, which are one piece and need no copy. */
  #row: Uint8Array | undefined
  #rowFrom = 0
  #rowUntil = 0
  #bytes = 0
  #frames = 0

  /** Frames that wait to be taken. */
  get frames(): number {
    return this.#frames
  }

  /** Bytes that wait to be taken. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds one frame whose payload is the given parts in a row. The parts are kept, not copied. */
  frame(name: FrameName, ...parts: readonly Uint8Array[]): void {
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    const header = Buffer.allocUnsafe(frameHeaderBytes)
    writeFrameHeader(header, 0, frameTypes[name], length)
    this.#frames += 1
    this.#add(header)
    for (const part of parts) this.#add(part)
  }

  /** Adds a preface or a frame that was made elsewhere. */
  push(item: Decoded): void {
    if (item.kind === 'preface') this.#add(item.bytes)
    else this.frame(item.name, item.payload)
  }

  /** Adds a frame without a copy. */
  ready({ board, from, until }: ReadyFrame): void {
    if (board !== this.#row || from !== this.#rowUntil) {
      this.#endRow()
      this.#row = board
      this.#rowFrom = from
    }
    this.#rowUntil = until
    this.#frames += 1
    this.#bytes += until - from
  }

  /** Everything added since the last call, in order, in few chunks. */
  take(): Uint8Array[] {
    this.#endRow()
    const chunks: Uint8Array[] = []
    let run: Uint8Array[] = []
    const endRun = () => {
      const [only] = run
      if (run.length === 1 && only !== undefined) chunks.push(only)
      else if (run.length > 0) chunks.push(Buffer.concat(run))
      run = []
    }
    for (const piece of this.#pieces) {
      if (piece.length <= joinBytesMax) {
        run.push(piece)
      } else {
        endRun()
        chunks.push(piece)
      }
    }
    endRun()
    this.#pieces = []
    this.#bytes = 0
    this.#frames = 0
    return chunks
  }

  #add(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.#endRow()
    this.#pieces.push(piece)
    this.#bytes += piece.length
  }

  #endRow(): void {
    if (this.#row === undefined) return
    this.#pieces.push(this.#row.subarray(this.#rowFrom, this.#rowUntil))
    this.#row = undefined
  }
}
