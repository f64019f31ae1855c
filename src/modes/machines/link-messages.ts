/** Sorts what comes out of a link: envelopes for the router, control messages, and nonsense. */
import { MachinesError } from '../../errors.js'
import { managerDebug } from '../../system/manager-debug.js'
import { LinkMessageKind } from './control-messages.js'

const debug = managerDebug('discordoo:machines:control')

export interface MessageReader<Message> {
  parse(bytes: Uint8Array): Message | undefined
  control(message: Message): void
  envelope(envelope: Uint8Array): void
}

/**
 * Counts what the other manager said and this one cannot use. Each is logged by `debug`; the first
 * one is a warning as well, as it means that the two are of different versions or one has a bug.
 */
export class MessageFaults {
  readonly #peer: string
  readonly #onWarning: (error: MachinesError) => void
  #count = 0

  constructor(peer: string, onWarning: (error: MachinesError) => void) {
    this.#peer = peer
    this.#onWarning = onWarning
  }

  get count(): number {
    return this.#count
  }

  add(what: string, cause?: unknown): void {
    this.#count += 1
    debug('ignored message %d of %s: %s', this.#count, this.#peer, what)
    if (this.#count > 1) return
    const message = `a message of ${this.#peer} was ignored: ${what}`
    this.#onWarning(new MachinesError('DM_CONTROL_INVALID', message, { cause }))
  }
}

/** Hands one link message to whom it is for. */
export function readLinkMessage<Message>(
  bytes: Uint8Array,
  reader: MessageReader<Message>,
  faults: MessageFaults,
): void {
  const kind = bytes[0]
  if (kind === LinkMessageKind.ENVELOPE) {
    reader.envelope(bytes.subarray(1))
    return
  }
  const message = kind === LinkMessageKind.CONTROL ? reader.parse(bytes) : undefined
  if (message === undefined) faults.add(`${bytes.length} bytes of kind ${kind} make no sense`)
  else reader.control(message)
}

/** The envelopes among messages that a link could not deliver. */
export function envelopesAmong(messages: readonly Uint8Array[]): Uint8Array[] {
  return messages
    .filter((bytes) => bytes[0] === LinkMessageKind.ENVELOPE)
    .map((bytes) => bytes.subarray(1))
}
