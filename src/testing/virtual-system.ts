/**
 * A System whose clock moves only when it is told to, and whose dice are rolled from a seed: a test
 * of minutes takes milliseconds, and a failure replays from the seed.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Cancel, System } from '../system/system.js'
import { seededRandom } from './seeded-random.js'

interface Timer {
  readonly at: number
  /** Timers due at one time run in the order they were set, as Node's do. */
  readonly order: number
  readonly action: () => void
}

/** Any moment does, as long as it is the same in every run: 14 November 2023. */
const wallClockStart = 1_700_000_000_000

/**
 * Streams in memory pass things on within one turn of the event loop; a promise or two in between
 * take one more each.
 */
const turnsToSettle = 8

export class VirtualSystem implements System {
  readonly random: () => number
  readonly #timers = new Set<Timer>()
  #now = 0
  #order = 0
  #keepAlives = 0

  /** `seed`: of `random` and `randomBytes`. Default 1. */
  constructor(seed = 1) {
    this.random = seededRandom(seed)
  }

  /** Timers that are set and have not fired: none may be left when all is closed. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** How many keepAlive() calls have not been undone. */
  get keepAlives(): number {
    return this.#keepAlives
  }

  /** Ms since the start; begins at 0. */
  now(): number {
    return this.#now
  }

  /** The same as now(). */
  machineTime(): number {
    return this.#now
  }

  wallClock(): number {
    return wallClockStart + this.#now
  }

  setTimer(delayMs: number, action: () => void): Cancel {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  keepAlive(): Cancel {
    this.#keepAlives += 1
    let isDone = false
    return () => {
      if (!isDone) this.#keepAlives -= 1
      isDone = true
    }
  }

  randomBytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.random() * 256))
  }

  /** Lets everything that is on its way in memory arrive; the clock stands still. */
  async settle(): Promise<void> {
    for (let round = 0; round < turnsToSettle; round++) await turn()
  }

  /** Moves the clock, firing timers at their time with everything settled in between. */
  async advance(byMs: number): Promise<void> {
    const until = this.#now + byMs
    await this.settle()
    for (;;) {
      const timer = this.#nextTimer(until)
      if (timer === undefined) break
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.action()
      await this.settle()
    }
    this.#now = until
  }

  /** The clock jumps as if the event loop had stood still: overdue timers fire late, all at once. */
  async stall(forMs: number): Promise<void> {
    this.#now += forMs
    await this.advance(0)
  }

  #nextTimer(until: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.at > until) continue
      const isEarlier =
        next === undefined ||
        timer.at < next.at ||
        (timer.at === next.at && timer.order < next.order)
      if (isEarlier) next = timer
    }
    return next
  }
}
