/**
 * Discord's limits on REST requests, as discordoo's manager counts them for all its instances: 50
 * requests a second, 10,000 invalid ones in 10 minutes. Pure: reports and `now` in, alarms out.
 */
import type { ShardingManagerInternals } from './manager-internals.js'

/** discordoo's numbers of an emergency. */
const EmergencyKind = {
  InvalidRequestLimitAlmostReached: 0,
  GlobalRateLimitAlmostReached: 2,
} as const

/** To be told to every instance. */
export interface Emergency {
  readonly kind: number
  /** When requests may go on, ms since the Unix epoch. */
  readonly blockUntil: number
}

const allowedMax = 50
const allowedWindowMs = 1_000
const invalidMax = 10_000
const invalidWindowMs = 600_000

/** With so many left, discordoo locks: others may be on their way. */
const reserve = 1

export class RestLimits {
  #allowed = allowedMax
  #allowedResetAt = 0
  #invalid = invalidMax
  #invalidResetAt = 0
  #lockedUntil = 0

  /** An instance made a request; `now` is the wall clock. */
  sync(success: boolean, now: number): Emergency | undefined {
    this.#renew(now)
    this.#allowed = Math.max(0, this.#allowed - 1)
    if (!success) this.#invalid = Math.max(0, this.#invalid - 1)
    if (this.#lockedUntil > now) return undefined
    if (this.#invalid <= reserve) {
      return this.#lock(EmergencyKind.InvalidRequestLimitAlmostReached, this.#invalidResetAt)
    }
    if (this.#allowed > reserve) return undefined
    return this.#lock(EmergencyKind.GlobalRateLimitAlmostReached, this.#allowedResetAt)
  }

  /** An instance was told by Discord to wait. Only as far as the longest window: bots may err. */
  emergency(kind: number, blockUntil: number, now: number): Emergency {
    return this.#lock(kind, Math.min(blockUntil, now + invalidWindowMs))
  }

  view(now: number): ShardingManagerInternals['rest'] {
    this.#renew(now)
    return {
      allowed: this.#allowed,
      allowedResetAt: this.#allowedResetAt,
      invalid: this.#invalid,
      invalidResetAt: this.#invalidResetAt,
      locked: this.#lockedUntil > now,
    }
  }

  #lock(kind: number, blockUntil: number): Emergency {
    this.#lockedUntil = Math.max(this.#lockedUntil, blockUntil)
    return { kind, blockUntil }
  }

  #renew(now: number): void {
    if (now >= this.#allowedResetAt) {
      this.#allowed = allowedMax
      this.#allowedResetAt = now + allowedWindowMs
    }
    if (now >= this.#invalidResetAt) {
      this.#invalid = invalidMax
      this.#invalidResetAt = now + invalidWindowMs
    }
  }
}
