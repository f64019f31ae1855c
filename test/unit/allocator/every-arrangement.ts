/** Every way to spread a few instances over a few machines, for comparison with what is found. */
import type { Placed, Room } from '../../../src/allocator/placement.js'
import { loadsOf, offBy } from './rooms.js'

export interface Arrangement {
  readonly offBy: number
  readonly shardsMoved: number
  readonly unplaced: number
}

export function everyArrangement(
  rooms: readonly Room[],
  placed: readonly Placed[],
): readonly Arrangement[] {
  const usable = rooms.filter(({ isUsable }) => isUsable).map(({ machine }) => machine)
  return ways(usable, placed)
    .filter((way) => isAllowed(rooms, placed, way))
    .map((way) => ({
      offBy: offBy(rooms, way),
      shardsMoved: way.reduce(
        (sum, { at, shards }, n) => sum + (at === undefined || at === placed[n]?.at ? 0 : shards),
        0,
      ),
      unplaced: way.filter(({ at }) => at === undefined).length,
    }))
}

function ways(usable: readonly string[], placed: readonly Placed[]): readonly Placed[][] {
  let result: Placed[][] = [[]]
  for (const one of placed) {
    const isHere = one.at !== undefined && usable.includes(one.at)
    // What runs on a usable machine is not taken away from it to run nowhere.
    const places = isHere ? usable : [...usable, undefined]
    result = result.flatMap((way) => places.map((at) => [...way, { ...one, at }]))
  }
  return result
}

/** Nobody takes what it has no room for; who had too much from the start may keep it. */
function isAllowed(
  rooms: readonly Room[],
  before: readonly Placed[],
  way: readonly Placed[],
): boolean {
  const loads = loadsOf(rooms, way)
  return rooms.every(({ machine, maxShards }, n) => {
    const isFuller = (loads[n] ?? 0) > (maxShards ?? Number.POSITIVE_INFINITY)
    return !isFuller || way.every(({ at }, one) => at !== machine || before[one]?.at === machine)
  })
}
