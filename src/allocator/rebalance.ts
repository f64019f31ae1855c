/**
 * Spreads instances over the machines by weight, with as few shards moved as possible. Pure.
 *
 * A machine is off its target by what it has too much (excess) or too little (the same below 0).
 * Moving an instance lowers the sum of what all are off by at most twice its size, and by just that
 * if it fits into both the excess of the one and the lack of the other. So the moves that fit come
 * first, large instances before small ones; then those that overshoot and still lower the sum, small
 * ones first. For each size the largest excess goes to the largest lack, which no other pair beats:
 * where all instances have one size, no other moves get as close with fewer shards. With several
 * sizes that would be a search without end, and this is the result of a short one.
 */
import {
  byInstance,
  bySize,
  hasRoom,
  type Move,
  type Placed,
  type Placement,
  type Room,
  type Seat,
  seatsOf,
} from './placement.js'
import { Ranking, takers } from './ranking.js'
import { Stock } from './stock.js'
import { targetsOf } from './weights.js'

/** What a move must lower the sum by, in shards: less is the rounding of numbers. */
const leastGain = 1e-6

/**
 * Says what should move so that the loads follow the weights.
 *
 * Instances that are nowhere, or on a machine that is not usable or not in the list, get one; then
 * others move only where that brings the sum of |load - target| down, home before elsewhere among
 * equals. After the moves a second call finds nothing to do. The same input gives the same moves.
 * Work: (n + m) log (n + m) for instances of a few sizes, and m once more for each further size.
 */
export function rebalance(rooms: readonly Room[], placed: readonly Placed[]): Placement {
  const work = new Rebalance(rooms, placed)
  work.placeOrphans()
  work.sendHome()
  // A move may make room for another one that was looked for before; mostly none is left.
  while (work.moveAllSizes()) work.placeOrphans()
  return work.result()
}

interface Balanced extends Seat {
  readonly target: number
}

class Rebalance {
  readonly #placed: ReadonlyMap<number, readonly Placed[]>
  readonly #seats: ReadonlyMap<string, Balanced>
  /** Where each instance is by now. */
  readonly #now = new Map<Placed, Balanced>()
  #orphans: readonly Placed[]

  constructor(rooms: readonly Room[], placed: readonly Placed[]) {
    this.#placed = bySize(placed)
    const seats = [...seatsOf(rooms, placed).values()]
    const total = placed.reduce((sum, { shards }) => sum + shards, 0)
    const targets = targetsOf(seats, total)
    const balanced = seats.map((seat, n): [string, Balanced] => [
      seat.machine,
      { ...seat, target: targets[n] ?? 0 },
    ])
    this.#seats = new Map(balanced)
    for (const one of [...this.#placed.values()].flat()) {
      const seat = one.at === undefined ? undefined : this.#seats.get(one.at)
      if (seat) this.#now.set(one, seat)
    }
    this.#orphans = placed.filter((one) => !this.#now.has(one))
  }

  /** Gives a machine to those that have none, where there is room. */
  placeOrphans(): void {
    for (const [shards, group] of bySize(this.#orphans)) {
      const emptiest = takers(this.#seats.values(), shards, excessOf)
      for (const one of group) {
        const best = emptiest.first()
        if (!best) break
        const home = this.#homeOf(one)
        const isHomeAsGood = home && takenGain(shards, home) >= takenGain(shards, best)
        this.#put(one, isHomeAsGood ? home : best)
      }
    }
    this.#orphans = this.#orphans.filter((one) => !this.#now.has(one))
  }

  /** Nothing brings the sum down more than a way home that fits. */
  sendHome(): void {
    for (const [shards, group] of this.#placed) {
      for (const one of group) {
        const [from, home] = [this.#now.get(one), this.#homeOf(one)]
        if (!from || !home || from === home || !fits(shards, from, home)) continue
        from.load -= shards
        this.#put(one, home)
      }
    }
  }

  /** Looks at every size; false: there was nothing to move. */
  moveAllSizes(): boolean {
    const sizes = [...this.#placed.keys()]
    const stocks = this.#stocks()
    const fitting = sizes.map((shards) => this.#moveSize(shards, stocks, fits))
    const others = sizes.toReversed().map((shards) => this.#moveSize(shards, stocks, isWorthIt))
    return fitting.includes(true) || others.includes(true)
  }

  result(): Placement {
    const moves: Move[] = []
    for (const [one, { machine: to }] of this.#now) {
      if (to !== one.at) moves.push({ instance: one.instance, from: one.at, to })
    }
    const unplaced = this.#orphans.map(({ instance }) => instance)
    return { moves: moves.toSorted(byInstance), unplaced: unplaced.toSorted((a, b) => a - b) }
  }

  #moveSize(shards: number, stocks: ReadonlyMap<Balanced, Stock>, isGood: typeof fits): boolean {
    const givers = new Ranking(
      stocks.keys(),
      (seat) => -excessOf(seat),
      (seat) => stocks.get(seat)?.has(shards) ?? false,
    )
    const emptiest = takers(stocks.keys(), shards, excessOf)
    let hasMoved = false
    for (;;) {
      const [from, to] = [givers.first(), emptiest.first()]
      if (!from || !to || !isGood(shards, from, to)) return hasMoved
      const one = stocks.get(from)?.take(shards, to.machine)
      if (!one) return hasMoved
      stocks.get(to)?.add(one)
      from.load -= shards
      this.#put(one, to)
      hasMoved = true
    }
  }

  /** What is on each machine now. */
  #stocks(): ReadonlyMap<Balanced, Stock> {
    const stocks = new Map<Balanced, Stock>()
    for (const seat of this.#seats.values()) stocks.set(seat, new Stock(seat.machine))
    for (const [one, seat] of this.#now) stocks.get(seat)?.add(one)
    return stocks
  }

  #put(one: Placed, seat: Balanced): void {
    seat.load += one.shards
    this.#now.set(one, seat)
  }

  #homeOf({ home, shards }: Placed): Balanced | undefined {
    const seat = home === undefined ? undefined : this.#seats.get(home)
    return seat && hasRoom(seat, shards) ? seat : undefined
  }
}

function excessOf({ load, target }: Balanced): number {
  return load - target
}

/** What a machine that takes so many shards brings the sum down by; below 0: up. */
function takenGain(shards: number, to: Balanced): number {
  return Math.min(shards, -2 * excessOf(to) - shards)
}

function gain(shards: number, from: Balanced, to: Balanced): number {
  return Math.min(shards, 2 * excessOf(from) - shards) + takenGain(shards, to)
}

function fits(shards: number, from: Balanced, to: Balanced): boolean {
  return gain(shards, from, to) > 2 * shards - leastGain
}

function isWorthIt(shards: number, from: Balanced, to: Balanced): boolean {
  return gain(shards, from, to) > leastGain
}
