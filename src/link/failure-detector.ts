/**
 * Tells from silence alone how a peer is doing, as a pure algorithm: times in, a colour out.
 *
 * Intuition: whatever comes from a healthy peer (a message, a heartbeat, the answer to ours) comes at
 * least once per heartbeat, because every heartbeat is answered at once. One missed beat is a lost
 * packet being sent again; two are worth showing; after four the connection is held for dead, since a
 * broken one says nothing by itself (half-open TCP notices after minutes, if at all).
 *
 * Two things look like silence and are not. A peer whose event loop is blocked answers late but then
 * says by how much, so it is told apart by `peerLagMs` and not here. And when it was our own loop
 * that stood still, the peer's bytes wait unread: the time we were late ourselves is excused.
 *
 * Considered and left out: adaptive timeouts (phi accrual). They need a history that a fresh link
 * does not have, and to an operator "four heartbeats" says more than a probability.
 */

export type Verdict = 'green' | 'yellow' | 'red'

/** So many heartbeats of silence make a link yellow, and red. */
const yellowAfterBeats = 2
export const redAfterBeats = 4

export class FailureDetector {
  readonly #heartbeatMs: number
  #lastSign: number

  constructor(now: number, heartbeatMs: number) {
    this.#heartbeatMs = heartbeatMs
    this.#lastSign = now
  }

  /** Anything at all came from the peer. */
  signal(now: number): void {
    this.#lastSign = now
  }

  /** We were late ourselves by so much and could not have heard anything. */
  excuse(now: number, lateMs: number): void {
    this.#lastSign = Math.min(now, this.#lastSign + lateMs)
  }

  silentMs(now: number): number {
    return now - this.#lastSign
  }

  verdict(now: number): Verdict {
    const beats = this.silentMs(now) / this.#heartbeatMs
    if (beats >= redAfterBeats) return 'red'
    return beats >= yellowAfterBeats ? 'yellow' : 'green'
  }
}
