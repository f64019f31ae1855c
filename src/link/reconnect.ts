/**
 * When to dial again, as a pure sequence: each failure doubles the delay up to the longest one, and
 * a dice roll shortens it by up to half, so that a hundred parents do not knock in step when a
 * network comes back.
 */
import { limits } from '../limits.js'

/** First delay: long enough to not be a storm, short beside the resume window. */
export const redialDelayMsMin = 250

/** A connection that held for so long wipes the slate clean; a shorter one is one more failure. */
export const steadyMs = 5_000

export class Reconnect {
  #failures = 0
  #upSince: number | undefined

  /** How many attempts have failed since things last went well. */
  get failures(): number {
    return this.#failures
  }

  succeeded(now: number): void {
    this.#upSince = now
  }

  /** An established connection broke: if it was a steady one, dialling begins anew. */
  broke(now: number): void {
    if (this.#upSince !== undefined && now - this.#upSince >= steadyMs) this.#failures = 0
    this.#upSince = undefined
  }

  /** Counts one failure; the delay before the next attempt in ms. `dice` is in [0, 1). */
  nextDelayMs(dice: number): number {
    const doubled = redialDelayMsMin * 2 ** Math.min(this.#failures, 30)
    this.#failures += 1
    return jittered(Math.min(doubled, limits.redialDelayMsMax), dice)
  }

  /** Counts one failure that time alone will hardly cure: always the longest delay. */
  slowestDelayMs(dice: number): number {
    this.#failures += 1
    return jittered(limits.redialDelayMsMax, dice)
  }
}

function jittered(delayMs: number, dice: number): number {
  return delayMs * (1 - dice / 2)
}
