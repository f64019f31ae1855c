/** The heartbeats of one connection: round trip, lag of both event loops, and the verdict. Pure. */
import { FailureDetector, type Verdict } from './failure-detector.js'
import { LagMeter } from './lag-meter.js'
import type { LinkHealth } from './link.js'
import { RoundTrips } from './round-trips.js'

export interface HeartbeatTiming {
  /** Time between two heartbeats, ms. */
  readonly heartbeatMs: number
  /** After so much silence the connection counts as lost, ms. */
  readonly silenceMs: number
}

export interface Tick {
  /** Id of the beat to send now, if one is due. */
  readonly beat: number | undefined
  readonly verdict: Verdict
}

/** The event loop is looked at so many times per beat: a lag is measured to a quarter of a beat. */
const ticksPerBeat = 4

/** Beats without an answer that are remembered; a link with more of them out measures nothing. */
const beatsOutMax = 64

export class Heartbeat {
  /** Time until the next tick, ms. */
  readonly tickMs: number
  readonly #heartbeatMs: number
  readonly #detector: FailureDetector
  readonly #lag: LagMeter
  readonly #roundTrips = new RoundTrips()
  /** When the beats went out that have no answer yet. */
  readonly #sentAt = new Map<number, number>()
  #nextId = 1
  #nextBeatAt: number
  #peerLagMs: number | undefined
  #verdict: Verdict = 'green'
  /** The last tick left the verdict to the next one. */
  #isPutOff = false

  constructor(now: number, { heartbeatMs, silenceMs }: HeartbeatTiming) {
    this.tickMs = heartbeatMs / ticksPerBeat
    this.#heartbeatMs = heartbeatMs
    this.#detector = new FailureDetector(now, silenceMs)
    this.#lag = new LagMeter(now, this.tickMs)
    this.#nextBeatAt = now
  }

  get health(): LinkHealth {
    return {
      verdict: this.#verdict,
      pingMs: this.#roundTrips.lastMs,
      pingP50Ms: this.#roundTrips.quantileMs(0.5),
      pingP99Ms: this.#roundTrips.quantileMs(0.99),
      peerLagMs: this.#peerLagMs,
    }
  }

  /** How late our own event loop ran at worst since about the beat before the last one, ms. */
  lagMs(now: number): number {
    return this.#lag.lagMs(now)
  }

  /** Anything came from the peer. */
  heard(now: number): void {
    this.#detector.signal(now)
  }

  silentMs(now: number): number {
    return this.#detector.silentMs(now)
  }

  /** Called every tickMs, or as near to it as the event loop gets. */
  tick(now: number): Tick {
    const lateMs = this.#lag.tick(now)
    this.#detector.excuse(now, lateMs)
    const verdict = this.#detector.verdict(now)
    // After a pause of our own there may be bytes to read. They come before the next tick, so that
    // one judges, even if it is late in turn: a loop that is always late must not spare the dead.
    this.#isPutOff = lateMs >= this.tickMs && !this.#isPutOff
    this.#verdict = verdict === 'red' && this.#isPutOff ? 'yellow' : verdict
    return { beat: this.#beatAt(now), verdict: this.#verdict }
  }

  /**
   * The answer to a beat; false when no such beat is out. While an event loop stood still, here or
   * there, the round trip was not that of the network: it is left out, and the lag told instead.
   */
  answered(id: number, peerLagMs: number, now: number): boolean {
    const sentAt = this.#sentAt.get(id)
    if (sentAt === undefined) return false
    // Answers come in order, so those to earlier beats are not coming any more.
    for (const earlier of this.#sentAt.keys()) if (earlier <= id) this.#sentAt.delete(earlier)
    this.#peerLagMs = peerLagMs
    this.#detector.peerLagged(now, peerLagMs)
    this.#verdict = this.#detector.verdict(now)
    const stoodStillMs = Math.max(peerLagMs, this.lagMs(now))
    if (stoodStillMs <= this.tickMs) this.#roundTrips.add(now - sentAt)
    return true
  }

  #beatAt(now: number): number | undefined {
    // Timers may fire a little early, and must not make a beat wait for one tick more.
    if (now + this.tickMs / 2 < this.#nextBeatAt) return undefined
    this.#nextBeatAt = now + this.#heartbeatMs
    this.#lag.turn()
    const id = this.#nextId++
    this.#sentAt.set(id, now)
    const [oldest] = this.#sentAt.keys()
    if (oldest !== undefined && this.#sentAt.size > beatsOutMax) this.#sentAt.delete(oldest)
    return id
  }
}
