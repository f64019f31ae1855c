/**
 * Who in an instance takes what the network sends it: the bot's own code over the local channel, or
 * the dialect in the bot's stead. What comes before that is known waits here.
 */
import type { DialectDesk } from '../../instances/dialects/dialect-desk.js'
import { limits } from '../../limits.js'
import { EnvelopeKind, isDialectVerb, Verb } from '../../routing/envelope.js'
import { decodeHeader, kindOf, verbOf } from '../../routing/envelope-codec.js'

type Taker = 'channel' | 'desk' | 'nobody-yet'

export class InstanceInbox {
  readonly #desk: Pick<DialectDesk, 'spoken' | 'answersHere' | 'take' | 'settle'>
  readonly #toChannel: (envelope: Uint8Array) => boolean
  /** Whether the bot has loaded `discordoo-machines/bot`. */
  #isAttached = false
  #held: Uint8Array[] = []
  #heldBytes = 0

  constructor(
    desk: Pick<DialectDesk, 'spoken' | 'answersHere' | 'take' | 'settle'>,
    toChannel: (envelope: Uint8Array) => boolean,
  ) {
    this.#desk = desk
    this.#toChannel = toChannel
  }

  get isAttached(): boolean {
    return this.#isAttached
  }

  /** False when it is not taken: the channel is full, or too much waits already. */
  deliver(envelope: Uint8Array): boolean {
    const kind = kindOf(envelope)
    if (kind === EnvelopeKind.SEND || kind === EnvelopeKind.REQUEST) return this.#take(envelope)
    // Answers go to who asked, and only dialects ask with the verbs of dialects.
    return isDialectVerb(verbOf(envelope))
      ? this.#desk.settle(envelope, decodeHeader(envelope))
      : this.#toChannel(envelope)
  }

  /** The bot has loaded `discordoo-machines/bot`. */
  attached(): void {
    this.#isAttached = true
    this.release()
  }

  /** To be called when the dialect is known: hands over what waited for that. */
  release(): void {
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const envelope of held) this.#take(envelope)
  }

  /** What nobody has taken, now that the instance is gone. */
  takeHeld(): readonly Uint8Array[] {
    return this.#held.splice(0)
  }

  #take(envelope: Uint8Array): boolean {
    switch (this.#takerOf(envelope)) {
      case 'channel':
        return this.#toChannel(envelope)
      case 'desk':
        return this.#desk.take(envelope, decodeHeader(envelope))
      default:
        return this.#hold(envelope)
    }
  }

  #takerOf(envelope: Uint8Array): Taker {
    const verb = verbOf(envelope)
    if (this.#isAttached && !isDialectVerb(verb)) return 'channel'
    const { spoken, answersHere } = this.#desk
    if (spoken === undefined) return 'nobody-yet'
    const isEval = verb === Verb.EVAL || isDialectVerb(verb)
    // Where the preload answers for the dialect, evals are all that it needs.
    return kindOf(envelope) === EnvelopeKind.REQUEST && isEval && !answersHere ? 'channel' : 'desk'
  }

  /** A copy, because a small view would keep the whole chunk it came in alive. */
  #hold(envelope: Uint8Array): boolean {
    if (this.#heldBytes + envelope.length > limits.channelBacklogBytesMax) return false
    this.#held.push(new Uint8Array(envelope))
    this.#heldBytes += envelope.length
    return true
  }
}
