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
import { limits } from '../limits.js'
import { dataHeaderBytes, type Part } from './codec/payloads.js'
import { Shelf } from './shelf.js'

/** What one kept message costs beside its bytes, so that empty messages have a bound as well. */
export const messageOverheadBytes = 128

/** Bytes of a message in one frame. */
export const partBytesMax: number = limits.frameBytesMax - dataHeaderBytes

interface Kept {
  readonly bytes: Uint8Array
  /** What it counts against the bound. */
  readonly cost: number
  /** Number of its last part. */
  readonly last: number
}

export class Outbox {
  readonly #bufferBytesMax: number
  /** Messages of which not every part is confirmed; those before `#head` are gone. */
  #queue: (Kept | undefined)[] = []
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
   * Queues one message; false when it does not fit, and then nothing was queued. `reserveBytes`: by
   * how much this one may exceed the bound.
   */
  push(bytes: Uint8Array, reserveBytes = 0): boolean {
    const room = this.#bufferBytesMax + reserveBytes - this.#bufferedBytes
    // Looked at before a copy is made of it; what it pins beside its own bytes is added below.
    if (bytes.length + messageOverheadBytes > room) return false
    const kept = this.#shelf.keep(bytes)
    const cost = kept.pinnedBytes + messageOverheadBytes
    if (cost > room) return false
    this.#last += Math.max(1, Math.ceil(bytes.length / partBytesMax))
    this.#queue.push({ bytes: kept.bytes, cost, last: this.#last })
    this.#bufferedBytes += cost
    return true
  }

  /** The next part for the connection, or undefined when all were given to it. */
  next(): Part | undefined {
    const kept = this.#queue[this.#next]
    if (kept === undefined) return undefined
    this.#sent += 1
    this.#sentMax = Math.max(this.#sentMax, this.#sent)
    const { bytes, last } = kept
    const parts = Math.max(1, Math.ceil(bytes.length / partBytesMax))
    const from = (this.#sent - (last - parts) - 1) * partBytesMax
    const until = Math.min(from + partBytesMax, bytes.length)
    if (this.#sent === last) this.#next += 1
    return { number: this.#sent, rest: bytes.length - until, bytes: bytes.subarray(from, until) }
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
