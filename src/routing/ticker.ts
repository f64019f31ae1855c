/** The one coarse timer behind a router or requester: it runs only while something has a deadline. */
import type { Cancel, System } from '../system/system.js'

const defaultEveryMs = 50

export class Ticker {
  readonly #system: System
  readonly #tick: (now: number) => boolean
  readonly #everyMs: number
  #cancel: Cancel | undefined
  #stopped = false

  /** `tick` returns whether anything still waits; when nothing does, the timer rests. */
  constructor(system: System, tick: (now: number) => boolean, everyMs: number = defaultEveryMs) {
    this.#system = system
    this.#tick = tick
    this.#everyMs = everyMs
  }

  /** Something with a deadline was added. Cheap to call each time. */
  wake(): void {
    if (this.#stopped || this.#cancel !== undefined) return
    this.#cancel = this.#system.setTimer(this.#everyMs, () => {
      this.#cancel = undefined
      if (this.#tick(this.#system.now())) this.wake()
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
    this.#cancel = undefined
  }
}
