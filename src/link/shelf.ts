/**
 * Memory for what a link keeps of small messages until they are confirmed. A buffer of its own for
 * each costs more time than everything else that is done with it, and a view on somebody else's buffer
 * keeps all of that alive. So they lie side by side on boards, which are given up in the order in which
 * they were filled.
 */

/** Large enough to be taken rarely, small enough for thousands of links to have one. */
const boardBytes = 16 * 1024

const noBoard = new Uint8Array(0)

export class Shelf {
  #board: Uint8Array = noBoard
  #used = 0

  /** What the last memory given lies on. */
  get board(): Uint8Array {
    return this.#board
  }

  /**
   * Where memory of at most some KiB begins on the board, right behind what was given before where
   * there is room for it. No view is made of it, which would cost more than the bytes do.
   */
  take(length: number): number {
    if (this.#used + length > this.#board.length) {
      this.#board = new Uint8Array(boardBytes)
      this.#used = 0
    }
    const from = this.#used
    this.#used += length
    return from
  }

  /** Nothing is kept any more: the next message begins a new board. */
  clear(): void {
    this.#board = noBoard
    this.#used = 0
  }
}
