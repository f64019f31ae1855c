/**
 * What lets a link outlive its connection: own messages are numbered from 1 and kept until the peer
 * has confirmed them, and the peer's numbers are checked. After a reconnect both sides say how many
 * messages they have received, and sending goes on from there: in order, none lost, none twice.
 *
 * Messages are pulled out with `next` as fast as the connection takes them, so a slow connection
 * leaves them here, where they are counted against the bound, and not in a socket's buffer.
 */
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'

export interface SessionBounds {
  /** Bytes of unconfirmed messages, each with messageOverheadBytes on top. */
  readonly bufferBytesMax: number
  /** A confirmation is due after so many messages... */
  readonly ackEveryMessages: number
  /** ...or so many bytes. */
  readonly ackEveryBytes: number
}

export interface NumberedMessage {
  readonly number: number
  readonly bytes: Uint8Array
}

/** What one kept message costs beside its bytes, so that empty messages have a bound as well. */
export const messageOverheadBytes = 128

const defaultBounds: SessionBounds = {
  bufferBytesMax: limits.sessionBufferBytesMax,
  ackEveryMessages: limits.ackEveryMessages,
  ackEveryBytes: limits.ackEveryBytes,
}

export class Session {
  readonly #bounds: SessionBounds
  /** Messages after the last confirmed one; those before `#head` are gone. */
  #queue: (Uint8Array | undefined)[] = []
  #head = 0
  #bufferedBytes = 0
  /** Own messages that the peer has confirmed. */
  #confirmed = 0
  /** Own messages given to the present connection, and the most ever given to any. */
  #sent = 0
  #sentMax = 0
  /** The peer's messages that came, and how many of them it was told about. */
  #received = 0
  #acknowledged = 0
  #unacknowledgedBytes = 0

  constructor(bounds: SessionBounds = defaultBounds) {
    this.#bounds = bounds
  }

  /** How many messages of the peer have come: what a resume begins with. */
  get received(): number {
    return this.#received
  }

  /** Queues one message; false when it does not fit, and then nothing was queued. */
  push(bytes: Uint8Array): boolean {
    const cost = bytes.length + messageOverheadBytes
    if (this.#bufferedBytes + cost > this.#bounds.bufferBytesMax) return false
    this.#queue.push(bytes)
    this.#bufferedBytes += cost
    return true
  }

  /** The next message for the connection, or undefined when all were given to it. */
  next(): NumberedMessage | undefined {
    const bytes = this.#queue[this.#head + this.#sent - this.#confirmed]
    if (bytes === undefined) return undefined
    this.#sent += 1
    this.#sentMax = Math.max(this.#sentMax, this.#sent)
    return { number: this.#sent, bytes }
  }

  /** True when the message is new; false for one that came before. Throws at a gap. */
  accept(number: number, byteLength: number): boolean {
    if (number <= this.#received) return false
    if (number > this.#received + 1) {
      throw new MachinesError('DM_FRAME_INVALID', 'a message of the session is missing', {
        given: String(number),
        allowed: String(this.#received + 1),
      })
    }
    this.#received = number
    this.#unacknowledgedBytes += byteLength
    return true
  }

  /** True when enough came to be worth a confirmation of its own. */
  get ackDue(): boolean {
    return (
      this.#received - this.#acknowledged >= this.#bounds.ackEveryMessages ||
      this.#unacknowledgedBytes >= this.#bounds.ackEveryBytes
    )
  }

  /** The number to confirm, if the peer was not told it yet. */
  takeAck(): number | undefined {
    if (this.#received === this.#acknowledged) return undefined
    this.#acknowledged = this.#received
    this.#unacknowledgedBytes = 0
    return this.#received
  }

  /** The peer has received so many of our messages: they are forgotten. Throws if it cannot have. */
  confirm(count: number): void {
    if (!this.canResumeAt(count)) {
      throw new MachinesError('DM_FRAME_INVALID', 'the peer confirms messages it cannot have', {
        given: String(count),
        allowed: `${this.#confirmed}..${this.#sentMax}`,
      })
    }
    for (; this.#confirmed < count; this.#confirmed++, this.#head++) {
      const bytes = this.#queue[this.#head]
      this.#queue[this.#head] = undefined
      this.#bufferedBytes -= (bytes?.length ?? 0) + messageOverheadBytes
    }
    this.#sent = Math.max(this.#sent, count)
    this.#compact()
  }

  /** Whether the peer can have received so many of our messages. */
  canResumeAt(count: number): boolean {
    return count >= this.#confirmed && count <= this.#sentMax
  }

  /** A new connection: the peer has `count` of our messages, the rest is sent again. */
  resume(count: number): void {
    this.confirm(count)
    this.#sent = count
    // The handshake has told the peer what we have.
    this.#acknowledged = this.#received
    this.#unacknowledgedBytes = 0
  }

  /** Every message that the peer has not confirmed, in order; the session is over. */
  lost(): Uint8Array[] {
    const lost = this.#queue.slice(this.#head).filter((bytes) => bytes !== undefined)
    this.#queue = []
    this.#head = 0
    this.#bufferedBytes = 0
    return lost
  }

  /** Cuts off the confirmed part now and then: shifting each message out would be quadratic. */
  #compact(): void {
    if (this.#head < 1_024 || this.#head * 2 < this.#queue.length) return
    this.#queue = this.#queue.slice(this.#head)
    this.#head = 0
  }
}
