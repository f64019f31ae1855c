/** What the allocator is told about machines and instances, and what it says should move. */

/** One machine, as the allocator sees it. */
export interface Room {
  readonly machine: string
  /** Above 0; see `defaultWeights`. */
  readonly weight: number
  /** Most shards that it takes; undefined: as many as come. */
  readonly maxShards: number | undefined
  /** False: it is lost, drained or about to go, and nothing may come to it. */
  readonly isUsable: boolean
}

/** One instance, and where it is now. */
export interface Placed {
  readonly instance: number
  /** How many shards it serves. */
  readonly shards: number
  /** Name of its machine; undefined: nowhere. */
  readonly at: string | undefined
  /** The machine that the plan of the options has it on; undefined: none. */
  readonly home: string | undefined
}

export interface Move {
  readonly instance: number
  readonly from: string | undefined
  readonly to: string
}

export interface Placement {
  /** At most one for each instance, ascending by instance. */
  readonly moves: readonly Move[]
  /** Instances for which no usable machine has room, ascending. */
  readonly unplaced: readonly number[]
}

/** A machine while moves are being looked for. */
export interface Seat extends Room {
  /** Position in the list of rooms, which decides between equals. */
  readonly index: number
  load: number
}

/** Whether so many shards more may come to a machine. */
export function hasRoom({ maxShards, load }: Seat, shards: number): boolean {
  return maxShards === undefined || load + shards <= maxShards
}

/** The usable machines by name, with what is on them. */
export function seatsOf(
  rooms: readonly Room[],
  placed: Iterable<Placed>,
): ReadonlyMap<string, Seat> {
  const usable = rooms.map((room, index) => ({ ...room, index, load: 0 }))
  const seats = new Map(
    usable.filter(({ isUsable }) => isUsable).map((seat) => [seat.machine, seat]),
  )
  for (const { at, shards } of placed) {
    const seat = at === undefined ? undefined : seats.get(at)
    if (seat) seat.load += shards
  }
  return seats
}

/** By size, the largest first, as there are the fewest places for it; by id among equals. */
export function bySize(placed: readonly Placed[]): ReadonlyMap<number, readonly Placed[]> {
  const sizes = new Map<number, Placed[]>()
  for (const one of placed.toSorted((a, b) => b.shards - a.shards || a.instance - b.instance)) {
    const same = sizes.get(one.shards)
    if (same) same.push(one)
    else sizes.set(one.shards, [one])
  }
  return sizes
}

/** In the order in which results are told. */
export function byInstance(
  a: { readonly instance: number },
  b: { readonly instance: number },
): number {
  return a.instance - b.instance
}
