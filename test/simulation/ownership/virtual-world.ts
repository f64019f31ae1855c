/**
 * One queue of events with one virtual time, over all machines and processes of a simulated bot.
 *
 * The code under test uses promises, so all microtasks run out between two events: a turn of
 * `process.nextTick`, awaited, comes only when no microtask is left, and costs 0.3 µs. Nothing else
 * decides about the order of things, so a seed goes the same way each time; the hash of its trace
 * proves it.
 */
import { seededRandom } from '../../../src/testing/seeded-random.js'
import { EventQueue } from './event-queue.js'
import { Trace } from './trace.js'

/** Resolves when no promise has anything left to do. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

export class World {
  /** In [0, 1), from the seed. */
  readonly random: () => number
  readonly trace: Trace
  /** How often things of a kind have happened, to see that a run was worth it. */
  readonly tally: Map<string, number> = new Map()
  readonly #queue = new EventQueue()
  readonly #problems: string[] = []
  #now = 0
  #events = 0

  constructor(seed: number, isTraced = false) {
    this.random = seededRandom(seed)
    this.trace = new Trace(isTraced)
  }

  /** Ms since the world began. */
  get now(): number {
    return this.#now
  }

  /** How many events there were. */
  get events(): number {
    return this.#events
  }

  get problems(): readonly string[] {
    return this.#problems
  }

  /** Something that must never happen did: the run ends with this event. */
  problem(what: string): void {
    this.note(`PROBLEM ${what}`)
    this.#problems.push(what)
  }

  note(text: string): void {
    this.trace.add(this.#now, text)
  }

  count(kind: string): void {
    this.tally.set(kind, (this.tally.get(kind) ?? 0) + 1)
  }

  after(delayMs: number, action: () => void): void {
    this.#queue.push(this.#now + delayMs, action)
  }

  /** In [from, to). */
  between(from: number, to: number): number {
    return from + this.random() * (to - from)
  }

  /** Whole, in [0, below). */
  pick(below: number): number {
    return Math.floor(this.random() * below)
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** Lets so much time pass, or less when there is a problem. */
  async run(forMs: number): Promise<void> {
    const until = this.#now + forMs
    await settled()
    while (this.#problems.length === 0 && this.#step(until)) await settled()
    if (this.#problems.length === 0) this.#now = until
  }

  #step(until: number): boolean {
    const event = this.#queue.take(until)
    if (event === undefined) return false
    this.#now = event.at
    this.#events += 1
    event.action()
    return true
  }
}
