/** The heartbeats of one connection: round trip, lag of both event loops, and the verdict. Pure. */
import { FailureDetector, redAfterBeats, type Verdict } from './failure-detector.js'
import type { LinkHealth } from './link.js'

export interface Beat {
  readonly id: number
  readonly verdict: Verdict
}

export class Heartbeat {
  readonly #heartbeatMs: number
  readonly #detector: FailureDetector
  /** When the beats went out that have no answer yet; a red verdict ends it before it grows. */
  readonly #sentAt = new Map<number, number>()
  #nextId = 1
  #expectedAt: number
  #lagMs = 0

  constructor(now: number, heartbeatMs: number) {
    this.#heartbeatMs = heartbeatMs
    this.#detector = new FailureDetector(now, heartbeatMs)
    this.#expectedAt = now
  }

  /** How late our own event loop ran at the last tick, in ms. */
  get lagMs(): number {
    return this.#lagMs
  }

  /** Anything came from the peer. */
  heard(now: number): void {
    this.#detector.signal(now)
  }

  silentMs(now: number): number {
    return this.#detector.silentMs(now)
  }

  /** Called every heartbeatMs, or as near to it as the event loop gets: the next beat to send. */
  tick(now: number): Beat {
    this.#lagMs = Math.max(0, now - this.#expectedAt)
    if (this.#lagMs > 0) this.#detector.excuse(now, this.#lagMs)
    this.#expectedAt = now + this.#heartbeatMs
    const id = this.#nextId++
    this.#sentAt.set(id, now)
    if (this.#sentAt.size > redAfterBeats * 2) this.#sentAt.delete(this.#oldest())
    return { id, verdict: this.#detector.verdict(now) }
  }

  /** The answer to a beat; undefined when no such beat is out. */
  answered(id: number, peerLagMs: number, now: number): LinkHealth | undefined {
    const sentAt = this.#sentAt.get(id)
    if (sentAt === undefined) return undefined
    // Answers come in order, so those to earlier beats are not coming any more.
    for (const earlier of this.#sentAt.keys()) if (earlier <= id) this.#sentAt.delete(earlier)
    return { pingMs: now - sentAt, peerLagMs }
  }

  #oldest(): number {
    const [oldest = 0] = this.#sentAt.keys()
    return oldest
  }
}
