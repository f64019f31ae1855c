/** How many shards each machine should have: by weight, and never more than it takes. Pure. */

/** What stands for a machine's weight where nothing was said about it. */
export interface Weighty {
  /** As given; undefined: by its own shards. */
  readonly weight: number | undefined
  /** Its own shards; none: a spare. */
  readonly shards: { readonly length: number }
}

/**
 * The weight of each point: as given, else the number of its own shards; for a spare the mean of
 * those that are known so. A bot of spares alone has equal ones.
 */
export function defaultWeights(points: readonly Weighty[]): readonly number[] {
  const known = points.map(({ weight, shards }) => weight ?? (shards.length || undefined))
  const given = known.filter((weight) => weight !== undefined)
  const mean = given.length === 0 ? 1 : given.reduce((sum, one) => sum + one, 0) / given.length
  return known.map((weight) => weight ?? mean)
}

interface Share {
  readonly weight: number
  readonly maxShards: number | undefined
}

/**
 * Shares `total` out by weight, in the order of `rooms`. What a machine may not take goes to the
 * others by their weights; what nobody may take is left over. Targets need not be whole numbers:
 * rounded ones would prefer one machine of two equal ones, and have shards moved for it.
 */
export function targetsOf(rooms: readonly Share[], total: number): readonly number[] {
  const targets = new Map<Share, number>()
  // Whoever is full first comes first, so that each one sees what those before it have left over.
  const byFullness = rooms.toSorted((a, b) => fullAt(a) - fullAt(b))
  const weights = sumsFrom(byFullness)
  let left = total
  for (const [n, room] of byFullness.entries()) {
    const share = (left * room.weight) / (weights[n] ?? room.weight)
    const target = Math.min(share, room.maxShards ?? share)
    targets.set(room, target)
    left -= target
  }
  return rooms.map((room) => targets.get(room) ?? 0)
}

/** The weight of each and all after it: added up, since a difference could be rounded to nothing. */
function sumsFrom(rooms: readonly Share[]): readonly number[] {
  const sums: number[] = []
  for (const { weight } of rooms.toReversed()) sums.push(weight + (sums.at(-1) ?? 0))
  return sums.toReversed()
}

/** The load for each unit of weight at which a machine is full. */
function fullAt({ weight, maxShards }: Share): number {
  return maxShards === undefined ? Number.MAX_VALUE : maxShards / weight
}
