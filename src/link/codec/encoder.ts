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

/** Makes a DATA frame of what holds a whole message already, behind room for its two headers. */
export function completeDataFrame(frame: Uint8Array, number: number): void {
  writeFrameHeader(frame, 'DATA', frame.length - frameHeaderBytes)
  writeDataHeader(frame, frameHeaderBytes, number, 0)
}

/** Writes `u32 length | u8 type` at the beginning. */
function writeFrameHeader(bytes: Uint8Array, name: FrameName, length: number): void {
  writeU32(bytes, 0, length)
  bytes[4] = frameTypes[name]
}

/** Below this size copying a piece is cheaper than handing it to the kernel on its own. */
const joinBytesMax = 4_096

export class Encoder {
  #pieces: Uint8Array[] = []
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
    writeFrameHeader(header, name, length)
    this.#frames += 1
    this.#add(header)
    for (const part of parts) this.#add(part)
  }

  /** Adds a preface or a frame that was made elsewhere. */
  push(item: Decoded): void {
    if (item.kind === 'preface') this.#add(item.bytes)
    else this.frame(item.name, item.payload)
  }

  /** Adds a whole frame that lies ready; it is kept, not copied. */
  framed(frame: Uint8Array): void {
    this.#frames += 1
    this.#add(frame)
  }

  /** Everything added since the last call, in order, in few chunks. */
  take(): Uint8Array[] {
    const chunks: Uint8Array[] = []
    let run: Uint8Array[] = []
    const endRun = () => {
      const [only] = run
      if (run.length === 1 && only !== undefined) chunks.push(only)
      else if (run.length > 0) chunks.push(Buffer.concat(run))
      run = []
    }
    for (const piece of withoutSeams(this.#pieces)) {
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
    this.#pieces.push(piece)
    this.#bytes += piece.length
  }
}

/** What lies side by side in memory, as frames of small messages do, is one piece and needs no copy. */
function withoutSeams(pieces: readonly Uint8Array[]): Uint8Array[] {
  const whole: Uint8Array[] = []
  let begin: Uint8Array | undefined
  let end = 0
  for (const piece of pieces) {
    if (begin !== undefined && piece.byteOffset === end && piece.buffer === begin.buffer) {
      end += piece.length
      continue
    }
    if (begin !== undefined) whole.push(upTo(begin, end))
    begin = piece
    end = piece.byteOffset + piece.length
  }
  if (begin !== undefined) whole.push(upTo(begin, end))
  return whole
}

function upTo(begin: Uint8Array, end: number): Uint8Array {
  const length = end - begin.byteOffset
  return length === begin.length ? begin : new Uint8Array(begin.buffer, begin.byteOffset, length)
}
