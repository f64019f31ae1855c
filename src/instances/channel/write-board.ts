/**
 * Memory in which frames are laid side by side before they are written to a socket. What the system
 * takes at once, as it mostly does, leaves the memory free for the next write. Taking new memory each
 * time is cheap as well, but it is garbage outside of the heap, of which little makes V8 look through
 * all that a process holds.
 */

/** More than a batch of frames mostly takes. */
export const boardBytes: number = 32 * 1024

/** What a socket of Node is here. */
export interface Writer {
  /** Bytes that were handed over, and not taken by the system yet. */
  readonly writableLength: number
}

export class WriteBoard {
  #board: Uint8Array | undefined
  /** Who was given the board last. */
  #writer: Writer | undefined

  /** Memory for at most {@link boardBytes} that this writer writes before anybody else takes some. */
  take(bytes: number, writer: Writer): Uint8Array {
    // What is still on its way stays on the former board.
    if (this.#writer !== undefined && this.#writer.writableLength > 0) this.#board = undefined
    this.#writer = writer
    this.#board ??= Buffer.allocUnsafeSlow(boardBytes)
    return this.#board.subarray(0, bytes)
  }
}
