/**
 * The network between two hosts: connections whose two directions each deliver in order, but may be
 * blocked, slow, or cut off for good.
 *
 * Modelled on TCP: what is sent into a blocked direction is not lost but held, and comes after the
 * block; a connection is lost when one end gives it up, its process ends, or somebody cuts it. Then
 * the other end is told, in order behind all data, if the way is free, and else has to find out by
 * its own silence. A host without power tells nobody.
 */
import type { World } from './virtual-world.js'

/** Longest time until held data is sent again after a block. */
const retransmitMsMax = 3_000

/** One direction between two hosts. */
export class Direction {
  readonly #world: World
  readonly #held: (() => void)[] = []
  readonly #usualMs: number
  #isBlocked = false
  /** Every message takes from half of it to all of it. */
  delayMs: number

  constructor(world: World, delayMs: number) {
    this.#world = world
    this.#usualMs = delayMs
    this.delayMs = delayMs
  }

  get isBlocked(): boolean {
    return this.#isBlocked
  }

  delay(): number {
    return this.#world.between(this.delayMs / 2, this.delayMs)
  }

  /** As fast as it was at first. */
  calm(): void {
    this.delayMs = this.#usualMs
  }

  block(): void {
    this.#isBlocked = true
  }

  heal(): void {
    if (!this.#isBlocked) return
    this.#isBlocked = false
    for (const send of this.#held.splice(0)) {
      this.#world.after(this.#world.between(0, retransmitMsMax), send)
    }
  }

  hold(send: () => void): void {
    this.#held.push(send)
  }
}

/** Both directions between the parent's host and a machine. */
export interface Wire {
  readonly down: Direction
  readonly up: Direction
}

/** One direction of one connection. */
export class Lane {
  readonly #world: World
  readonly #direction: Direction
  #queue: (() => void)[] = []
  #isWaiting = false
  #lastArrival = 0
  #isCut = false

  constructor(world: World, direction: Direction) {
    this.#world = world
    this.#direction = direction
  }

  /** `arrive` is called when it has come through, in order; `trips`: how many delays it takes. */
  send(arrive: () => void, trips = 1): void {
    if (this.#isCut) return
    if (this.#isWaiting || this.#direction.isBlocked) {
      this.#queue.push(arrive)
      this.#wait()
      return
    }
    const takes = trips * this.#direction.delay()
    const at = Math.max(this.#lastArrival, this.#world.now + takes)
    this.#lastArrival = at
    this.#world.after(at - this.#world.now, () => {
      if (!this.#isCut) arrive()
    })
  }

  /** What is on its way is lost, and all that follows. */
  cut(): void {
    this.#isCut = true
    this.#queue = []
  }

  #wait(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#direction.hold(() => {
      this.#isWaiting = false
      for (const arrive of this.#queue.splice(0)) this.send(arrive)
    })
  }
}
