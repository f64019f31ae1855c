/** What came for a bot that cannot take it yet, in order and bounded. */
import { limits } from '../limits.js'

export class HeldEnvelopes {
  #envelopes: Uint8Array[] = []
  #bytes = 0

  /**
   * Keeps a copy, because a small view would keep the whole chunk it came in alive. False, and
   * nothing kept, beyond limits.channelBacklogBytesMax.
   */
  hold(envelope: Uint8Array): boolean {
    if (this.#bytes + envelope.length > limits.channelBacklogBytesMax) return false
    this.#envelopes.push(new Uint8Array(envelope))
    this.#bytes += envelope.length
    return true
  }

  /** All of them; none are held afterwards. */
  takeAll(): Uint8Array[] {
    this.#bytes = 0
    return this.#envelopes.splice(0)
  }
}
