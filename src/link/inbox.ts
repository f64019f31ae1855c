/**
 * The peer's messages on their way: its numbers are checked, parts put together, and what came is
 * confirmed now and then. A message that is half there outlives its connection.
 */
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import type { Part } from './codec/payloads.js'

export interface InboxBounds {
  /** A confirmation is due after so many parts... */
  readonly ackEveryMessages: number
  /** ...or so many bytes. */
  readonly ackEveryBytes: number
}

export class Inbox {
  readonly #bounds: InboxBounds
  readonly #assembly = new Assembly()
  /** The peer's parts that came, and how many of them it was told about. */
  #received = 0
  #acknowledged = 0
  #unacknowledgedBytes = 0

  constructor(bounds: InboxBounds) {
    this.#bounds = bounds
  }

  /** How many parts of the peer have come: what a resume begins with. */
  get received(): number {
    return this.#received
  }

  /**
   * Takes one part; the message, when this was the last of it. A part that came before is dropped.
   * Throws DM_FRAME_INVALID at a gap and where parts do not fit together, DM_FRAME_TOO_LARGE when
   * the message would be larger than limits.messageBytesMax.
   */
  accept(part: Part): Uint8Array | undefined {
    if (part.number <= this.#received) return undefined
    if (part.number > this.#received + 1) {
      throw new MachinesError('DM_FRAME_INVALID', 'a message of the session is missing', {
        given: String(part.number),
        allowed: String(this.#received + 1),
      })
    }
    const message = this.#assembly.add(part)
    this.#received = part.number
    this.#unacknowledgedBytes += part.bytes.length
    return message
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
    this.told()
    return this.#received
  }

  /** The peer knows how much has come: by a confirmation, or by the handshake. */
  told(): void {
    this.#acknowledged = this.#received
    this.#unacknowledgedBytes = 0
  }
}

/** Puts the parts of one message together. What it will take is known, and checked, with the first. */
class Assembly {
  #message: Uint8Array | undefined
  #filled = 0

  add({ bytes, rest }: Part): Uint8Array | undefined {
    if (this.#message === undefined && rest === 0) return bytes
    // A part without bytes would be one more of an endless row that never gets anywhere.
    if (bytes.length === 0) throw misfit()
    const message = this.#message ?? this.#begin(bytes.length + rest)
    if (this.#filled + bytes.length + rest !== message.length) throw misfit()
    message.set(bytes, this.#filled)
    this.#filled += bytes.length
    if (rest > 0) return undefined
    this.#message = undefined
    return message
  }

  #begin(length: number): Uint8Array {
    if (length > limits.messageBytesMax) {
      throw new MachinesError('DM_FRAME_TOO_LARGE', 'a message is over its bound', {
        given: `${length} bytes`,
        allowed: `${limits.messageBytesMax} bytes`,
      })
    }
    // Handed on only when its last byte is written.
    this.#message = Buffer.allocUnsafe(length)
    this.#filled = 0
    return this.#message
  }
}

function misfit(): MachinesError {
  return new MachinesError('DM_FRAME_INVALID', 'the parts of a message do not fit together')
}
