/** The machine that comes first by some measure, while their loads change. Pure. */
import { Heap } from './heap.js'
import { hasRoom, type Seat } from './placement.js'

interface Entry<S> {
  readonly seat: S
  /** As it was when the entry was made. */
  readonly rank: number
}

/**
 * Seats by rank, the lowest first, and by their position among equals.
 *
 * As long as a seat is asked for, its rank may only grow: an entry that is out of date then stands
 * too far in front, never too far back, and is put right when it comes to the top. One that is not
 * eligible there is left out for good.
 */
export class Ranking<S extends Seat> {
  readonly #rank: (seat: S) => number
  readonly #isEligible: (seat: S) => boolean
  readonly #entries: Heap<Entry<S>>

  constructor(seats: Iterable<S>, rank: (seat: S) => number, isEligible: (seat: S) => boolean) {
    this.#rank = rank
    this.#isEligible = isEligible
    const isBefore = (a: Entry<S>, b: Entry<S>): boolean =>
      a.rank === b.rank ? a.seat.index < b.seat.index : a.rank < b.rank
    const entries = Array.from(seats, (seat) => ({ seat, rank: rank(seat) }))
    this.#entries = new Heap(isBefore, entries)
  }

  first(): S | undefined {
    for (let top = this.#entries.first(); top !== undefined; top = this.#entries.first()) {
      const { seat } = top
      const isEligible = this.#isEligible(seat)
      const rank = this.#rank(seat)
      if (isEligible && rank === top.rank) return seat
      this.#entries.pop()
      if (isEligible) this.#entries.push({ seat, rank })
    }
    return undefined
  }
}

/** Those that so many shards more may come to. */
export function takers<S extends Seat>(
  seats: Iterable<S>,
  shards: number,
  rank: (seat: S) => number,
): Ranking<S> {
  return new Ranking(seats, rank, (seat) => hasRoom(seat, shards))
}
