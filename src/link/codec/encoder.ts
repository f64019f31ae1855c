/**
 * Frames to bytes. Frames are collected and taken out together, small pieces joined and large ones
 * passed on as they are, so that one turn of the event loop costs one write however many frames it
 * made, and a large body is never copied.
 */
import type { Decoded } from './decoder.js'
import { type FrameName, frameHeaderBytes, frameTypes } from './frame-types.js'

/** Below this size copying a piece is cheaper than handing it to the kernel on its own. */
const joinBytesMax = 4_096

export class Encoder {
  #pieces: Uint8Array[] = []
  #bytes = 0

  /** Bytes that wait to be taken. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds one frame whose payload is the given parts in a row. The parts are kept, not copied. */
  frame(name: FrameName, ...parts: readonly Uint8Array[]): void {
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    const header = Buffer.allocUnsafe(frameHeaderBytes)
    header.writeUInt32BE(length, 0)
    header.writeUInt8(frameTypes[name], 4)
    this.#add(header)
    for (const part of parts) this.#add(part)
  }

  /** Adds a preface or a frame that was made elsewhere. */
  push(item: Decoded): void {
    if (item.kind === 'preface') this.#add(item.bytes)
    else this.frame(item.name, item.payload)
  }

  /** Everything added since the last call, in order, in few chunks. */
  take(): Uint8Array[] {
    const chunks: Uint8Array[] = []
    let run: Uint8Array[] = []
    const endRun = () => {
      if (run.length > 0) chunks.push(Buffer.concat(run))
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
    return chunks
  }

  #add(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.#bytes += piece.length
  }
}
