/** Discord's limit on what one connection may send: 120 payloads in 60 s, else 4008. */
import { fakeDiscordBounds } from './bounds.js'

export class PayloadWindow {
  /** Heartbeats that come at least this far apart are no payloads of the window. */
  readonly #beatApartMs: number
  #startedAt = Number.NEGATIVE_INFINITY
  #beatAt = Number.NEGATIVE_INFINITY
  #count = 0

  /**
   * Heartbeats that keep to the interval are free: a test with an interval of 100 ms would use the
   * limit up with them alone. A client that sends more of them than it was asked for pays.
   */
  constructor(heartbeatIntervalMs: number) {
    this.#beatApartMs = heartbeatIntervalMs / 2
  }

  /**
   * Counts one payload; false when it is one too many. A window begins with the first payload after
   * the last one is over, as those do by which libraries hold themselves back.
   */
  admits(isHeartbeat: boolean, now: number): boolean {
    if (isHeartbeat && now - this.#beatAt >= this.#beatApartMs) {
      this.#beatAt = now
      return true
    }
    if (now - this.#startedAt >= fakeDiscordBounds.windowMs) {
      this.#startedAt = now
      this.#count = 0
    }
    this.#count += 1
    return this.#count <= fakeDiscordBounds.payloadsPerWindow
  }
}
