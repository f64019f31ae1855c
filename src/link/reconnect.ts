/**
 * When to dial again, as a pure sequence: each failure doubles the delay up to the longest one, and
 * a dice roll shortens it by up to half, so that a hundred parents do not knock in step when a
 * network comes back.
 */
import { limits } from '../limits.js'

export interface RedialPace {
  /** First delay, ms: long enough to not be a storm, short beside the resume window. */
  readonly redialDelayMsMin: number
  /** Longest delay, ms. */
  readonly redialDelayMsMax: number
}

const defaultPace: RedialPace = {
  redialDelayMsMin: 250,
  redialDelayMsMax: limits.redialDelayMsMax,
}

/** A connection that held for so long wipes the slate clean; a shorter one is one more failure. */
export const steadyMs = 5_000

export class Reconnect {
  readonly #pace: RedialPace
  #failures = 0
  #upSince: number | undefined

  constructor(pace: RedialPace = defaultPace) {
    this.#pace = pace
  }

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
    const doubled = this.#pace.redialDelayMsMin * 2 ** Math.min(this.#failures, 30)
    this.#failures += 1
    return jittered(Math.min(doubled, this.#pace.redialDelayMsMax), dice)
  }

  /** Counts one failure that time alone will hardly cure: always the longest delay. */
  slowestDelayMs(dice: number): number {
    this.#failures += 1
    return jittered(this.#pace.redialDelayMsMax, dice)
  }
}

function jittered(delayMs: number, dice: number): number {
  return delayMs * (1 - dice / 2)
}
