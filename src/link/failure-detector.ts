/**
 * Tells from silence alone how a peer is doing, as a pure algorithm: times in, a colour out.
 *
 * Intuition: whatever comes from a healthy peer (a message, a heartbeat, the answer to ours) comes at
 * least once per heartbeat, because every heartbeat is answered at once. Half of what is bearable is
 * worth showing; all of it and the connection is held for dead, since a broken one says nothing by
 * itself (half-open TCP notices after minutes, if at all).
 *
 * Three things look like silence and are not death:
 * - Our own loop stood still: the peer's bytes wait unread. The time we were late is excused.
 * - The peer's loop stands still. A block is told from a dead machine by its end alone, for the
 *   kernel of a blocked or frozen process goes on confirming bytes just the same; asking the socket
 *   would prove nothing. So what is bearable is longer than blocks of healthy bots are.
 * - The peer is known to stand still: it has reported such a lag not long ago. It gets as much
 *   longer, at most twice the time, so that a false report does not keep a dead link for ever.
 *
 * Considered and left out: adaptive timeouts (phi accrual). They need a history that a fresh link
 * does not have, and to an operator "8 s of silence" says more than a probability.
 */

export type Verdict = 'green' | 'yellow' | 'red'

/** How long a reported lag counts: a bot that blocks every so often does it about every minute. */
export const lagMemoryMs = 60_000

export class FailureDetector {
  readonly #silenceMs: number
  #lastSign: number
  /** The greatest lag that the peer has reported of late, and when. */
  #peerLag = { lagMs: 0, at: 0 }

  /** @param silenceMs after so much silence a peer counts as dead. */
  constructor(now: number, silenceMs: number) {
    this.#silenceMs = silenceMs
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

  /** The peer says by how much its event loop was late. */
  peerLagged(now: number, lagMs: number): void {
    if (lagMs >= this.#knownLagMs(now)) this.#peerLag = { lagMs, at: now }
  }

  silentMs(now: number): number {
    return now - this.#lastSign
  }

  verdict(now: number): Verdict {
    const bearableMs = this.#silenceMs + Math.min(this.#silenceMs, this.#knownLagMs(now))
    const silentMs = this.silentMs(now)
    if (silentMs >= bearableMs) return 'red'
    return silentMs >= bearableMs / 2 ? 'yellow' : 'green'
  }

  #knownLagMs(now: number): number {
    return now - this.#peerLag.at < lagMemoryMs ? this.#peerLag.lagMs : 0
  }
}
