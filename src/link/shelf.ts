/**
 * Keeps messages until they are confirmed. A view on a larger buffer would keep all of that alive, a
 * few bytes a whole chunk of a socket or the pool of Node; but a buffer of its own for each small
 * message costs more time than everything else that is done with it. So small messages are copied
 * side by side onto boards, which are given up in the order in which they were filled.
 */

/** Large enough to be taken rarely, small enough for thousands of links to have one. */
const boardBytes = 16 * 1024

/** Larger messages get a buffer of their own, where the copy is what costs. */
const smallBytesMax = 2 * 1024

const noBoard = new Uint8Array(0)

export interface Shelved {
  readonly bytes: Uint8Array
  /** The memory that is kept for it. */
  readonly pinnedBytes: number
}

export class Shelf {
  #board: Uint8Array = noBoard
  #used = 0

  /** The bytes given, where they keep little but themselves alive; else a copy. */
  keep(bytes: Uint8Array): Shelved {
    const { byteLength } = bytes.buffer
    if (byteLength < bytes.length * 2) return { bytes, pinnedBytes: byteLength }
    const copy = bytes.length > smallBytesMax ? new Uint8Array(bytes) : this.#place(bytes)
    return { bytes: copy, pinnedBytes: bytes.length }
  }

  /** Nothing is kept any more: the next message begins a new board. */
  clear(): void {
    this.#board = noBoard
    this.#used = 0
  }

  #place(bytes: Uint8Array): Uint8Array {
    if (this.#used + bytes.length > this.#board.length) {
      this.#board = new Uint8Array(boardBytes)
      this.#used = 0
    }
    const from = this.#used
    this.#used += bytes.length
    this.#board.set(bytes, from)
    return this.#board.subarray(from, this.#used)
  }
}
