/**
 * Who may IDENTIFY when: one shard of a bucket per interval, and so many sessions per period.
 *
 * Discord: a bucket is `shard % max_concurrency`, its interval is 5 s, and `session_start_limit`
 * says how many sessions may still be started before the period is over.
 */
import { fakeDiscordBounds } from './bounds.js'

export interface SessionStartRules {
  /** Buckets that may each start one session per interval. */
  readonly maxConcurrency: number
  readonly identifyIntervalMs: number
  /** Sessions of one period; how many were left at the start; and how long the first period lasts. */
  readonly total: number
  readonly remaining: number
  readonly resetAfterMs: number
}

/** As `GET /gateway/bot` shows it. */
export interface SessionStartLimit {
  readonly total: number
  readonly remaining: number
  /** Ms until `remaining` is `total` again. */
  readonly resetAfterMs: number
}

export class SessionStarts {
  readonly #rules: SessionStartRules
  /** When each bucket last started a session: at most `maxConcurrency` entries. */
  readonly #lastByBucket = new Map<number, number>()
  #remaining: number
  #resetsAt: number

  constructor(rules: SessionStartRules, now: number) {
    this.#rules = rules
    this.#remaining = rules.remaining
    this.#resetsAt = now + rules.resetAfterMs
  }

  limit(now: number): SessionStartLimit {
    this.#renew(now)
    return {
      total: this.#rules.total,
      remaining: this.#remaining,
      resetAfterMs: Math.ceil(this.#resetsAt - now),
    }
  }

  /** How many ms too early this is for the shard; 0 when it may start a session. */
  tooEarlyMs(shard: number, now: number): number {
    const last = this.#lastByBucket.get(this.bucketOf(shard))
    if (last === undefined) return 0
    const { identifyIntervalMs } = this.#rules
    const waitMs = identifyIntervalMs * (1 - fakeDiscordBounds.identifyEarlyPart)
    return Math.max(0, Math.ceil(last + waitMs - now))
  }

  /** Notes that a session was started. */
  started(shard: number, now: number): void {
    this.#renew(now)
    this.#remaining -= 1
    this.#lastByBucket.set(this.bucketOf(shard), now)
  }

  bucketOf(shard: number): number {
    return shard % this.#rules.maxConcurrency
  }

  #renew(now: number): void {
    if (now < this.#resetsAt) return
    const periods = 1 + Math.floor((now - this.#resetsAt) / this.#rules.resetAfterMs)
    this.#resetsAt += periods * this.#rules.resetAfterMs
    this.#remaining = this.#rules.total
  }
}
