/** Finds machines for instances that have lost theirs. Nothing else moves. Pure. */
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
import { takers } from './ranking.js'

/**
 * Gives machines to `orphans`, largest first: home, where that is usable and has room; else to the
 * usable machine with room that has the smallest load for its weight afterwards.
 *
 * `placed`: all instances; orphans among them count nowhere. The same input gives the same moves.
 * Work: n log m, and m once more for each different size of an orphan.
 */
export function place(
  rooms: readonly Room[],
  placed: readonly Placed[],
  orphans: readonly Placed[],
): Placement {
  const lost = new Set(orphans.map(({ instance }) => instance))
  const seats = seatsOf(
    rooms,
    placed.filter(({ instance }) => !lost.has(instance)),
  )
  const moves: Move[] = []
  const unplaced: number[] = []
  for (const [shards, group] of bySize(orphans)) {
    const emptiest = takers(seats.values(), shards, ({ load, weight }) => (load + shards) / weight)
    for (const orphan of group) {
      const { instance, at } = orphan
      const seat = homeOf(orphan, seats) ?? emptiest.first()
      if (seat === undefined) unplaced.push(instance)
      else {
        seat.load += shards
        if (seat.machine !== at) moves.push({ instance, from: at, to: seat.machine })
      }
    }
  }
  return {
    moves: moves.toSorted(byInstance),
    unplaced: unplaced.toSorted((a, b) => a - b),
  }
}

function homeOf({ home, shards }: Placed, seats: ReadonlyMap<string, Seat>): Seat | undefined {
  const seat = home === undefined ? undefined : seats.get(home)
  return seat && hasRoom(seat, shards) ? seat : undefined
}
