/**
 * Own messages on their way: cut into parts, numbered, and kept until the peer has confirmed them.
 *
 * Numbers belong to parts and not to messages, so that a resume goes on in the middle of a large
 * message: one that takes longer than connections hold would otherwise begin anew for ever. A
 * message counts as arrived with its last part; until then all of it is kept, counted, and handed
 * back when the session is lost.
 *
 * Parts are pulled out with `next` as fast as the connection takes them, so a slow connection
 * leaves messages here, where they are counted against the bound, and not in a socket's buffer.
 */
import { MachinesError } from '../errors.js'
import {
  type KeptMessage,
  keepMessage,
  messageOverheadBytes,
  type OutgoingPart,
} from './kept-message.js'
import { Shelf } from './shelf.js'

const noHead = new Uint8Array(0)

export class Outbox {
  readonly #bufferBytesMax: number
  /** Messages of which not every part is confirmed; those before `#head` are gone. */
  #queue: (KeptMessage | undefined)[] = []
  #head = 0
  /** The message that the next part is of. */
  #next = 0
  #bufferedBytes = 0
  readonly #shelf = new Shelf()
  /** Number of the last part of all messages. */
  #last = 0
  /** Parts that the peer has confirmed. */
  #confirmed = 0
  /** Parts given to the present connection, and the most ever given to any. */
  #sent = 0
  #sentMax = 0

  constructor(bufferBytesMax: number) {
    this.#bufferBytesMax = bufferBytesMax
  }

  /** What is kept, as it counts against the bound. */
  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /**
   * Queues one message, `head` and then `bytes`; false when it does not fit, and then nothing was
   * queued. `reserveBytes`: by how much this one may exceed the bound.
   */
  push(bytes: Uint8Array, reserveBytes = 0, head: Uint8Array = noHead): boolean {
    const room = this.#bufferBytesMax + reserveBytes - this.#bufferedBytes
    // Looked at before a copy is made of it; what it pins beside its own bytes is seen below.
    if (head.length + bytes.length + messageOverheadBytes > room) return false
    const kept = keepMessage(this.#shelf, this.#last + 1, head, bytes)
    if (kept.cost > room) return false
    this.#last = kept.last
    this.#queue.push(kept)
    this.#bufferedBytes += kept.cost
    return true
  }

  /** The next part for the connection, or undefined when all were given to it. */
  next(): OutgoingPart | undefined {
    const kept = this.#queue[this.#next]
    if (kept === undefined) return undefined
    this.#sent += 1
    this.#sentMax = Math.max(this.#sentMax, this.#sent)
    if (this.#sent === kept.last) this.#next += 1
    return kept.part(this.#sent)
  }

  /** The peer has received so many of our parts. Throws DM_FRAME_INVALID if it cannot have. */
  confirm(count: number): void {
    if (!this.canResumeAt(count)) {
      throw new MachinesError('DM_FRAME_INVALID', 'the peer confirms messages it cannot have', {
        given: String(count),
        allowed: `${this.#confirmed}..${this.#sentMax}`,
      })
    }
    this.#confirmed = count
    for (;;) {
      const kept = this.#queue[this.#head]
      if (kept === undefined || kept.last > count) break
      this.#queue[this.#head] = undefined
      this.#head += 1
      this.#bufferedBytes -= kept.cost
    }
    this.#sent = Math.max(this.#sent, count)
    this.#next = Math.max(this.#next, this.#head)
    if (this.#head === this.#queue.length) this.#shelf.clear()
    this.#compact()
  }

  /** Whether the peer can have received so many of our parts. */
  canResumeAt(count: number): boolean {
    return count >= this.#confirmed && count <= this.#sentMax
  }

  /** A new connection: the peer has `count` of our parts, the rest is sent again. */
  resume(count: number): void {
    this.confirm(count)
    this.#sent = count
    // The part after the confirmed ones is of the first message that is left.
    this.#next = this.#head
  }

  /** Every message that the peer has not confirmed as a whole, in order; the session is over. */
  lost(): Uint8Array[] {
    const lost = this.#queue.slice(this.#head).flatMap((kept) => (kept ? [kept.bytes] : []))
    this.#queue = []
    this.#head = this.#next = 0
    this.#bufferedBytes = 0
    this.#shelf.clear()
    return lost
  }

  /** Cuts off the confirmed part now and then: shifting each message out would be quadratic. */
  #compact(): void {
    if (this.#head < 1_024 || this.#head * 2 < this.#queue.length) return
    this.#queue = this.#queue.slice(this.#head)
    this.#next -= this.#head
    this.#head = 0
  }
}
