/**
 * Where short texts become bytes. To find out how long a text is in utf-8 means to go over it, so it is
 * written right away, where there is room for whatever it may hold: side by side with its neighbours
 * on boards, each of which lives as long as anything on it.
 */

/** Even of three bytes a character, so many take no more than a fifth of a board. */
export const shortCharsMax = 1024

const utf8BytesPerCharMax = 3

/** Large enough to be taken rarely, small enough to be kept alive by a single text. */
const boardBytes = 16 * 1024

let board: Buffer = Buffer.allocUnsafeSlow(boardBytes)
let memory: ArrayBufferLike = board.buffer
let used = 0

/** A tag of one byte and a text of at most {@link shortCharsMax} characters. */
export function shortText(tag: number, text: string): Uint8Array {
  if (used + 1 + text.length * utf8BytesPerCharMax > boardBytes) renew()
  const from = used
  board[from] = tag
  used += 1 + board.write(text, from + 1)
  return new Uint8Array(memory, from, used - from)
}

function renew(): void {
  board = Buffer.allocUnsafeSlow(boardBytes)
  memory = board.buffer
  used = 0
}
