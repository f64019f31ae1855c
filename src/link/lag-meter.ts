/**
 * How late an event loop runs, as a pure meter: told of every tick that should come regularly, it
 * knows by how much the latest ones were late.
 */
export class LagMeter {
  readonly #everyMs: number
  #expectedAt: number
  /** The worst of the present stretch and of the one before it. */
  #peakMs = 0
  #formerPeakMs = 0

  /** The first tick is expected at once. */
  constructor(now: number, everyMs: number) {
    this.#everyMs = everyMs
    this.#expectedAt = now
  }

  /** A tick has come; by how much it was late. */
  tick(now: number): number {
    const lateMs = this.#overdueMs(now)
    this.#peakMs = Math.max(this.#peakMs, lateMs)
    this.#expectedAt = now + this.#everyMs
    return lateMs
  }

  /** A new stretch begins: whoever asks less often than it ticks must not miss the worst. */
  turn(): void {
    this.#formerPeakMs = this.#peakMs
    this.#peakMs = 0
  }

  /**
   * The worst lag of this stretch and the one before. A tick that is overdue counts as well: what
   * was read before it may have waited just as long.
   */
  lagMs(now: number): number {
    return Math.max(this.#formerPeakMs, this.#peakMs, this.#overdueMs(now))
  }

  #overdueMs(now: number): number {
    return Math.max(0, now - this.#expectedAt)
  }
}
