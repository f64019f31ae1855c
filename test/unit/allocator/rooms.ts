/** Machines and instances for tests of the allocator, and what becomes of them. */
import * as fc from 'fast-check'
import type { Placed, Placement, Room } from '../../../src/allocator/placement.js'
import { targetsOf } from '../../../src/allocator/weights.js'

export function room(machine: string, rest: Partial<Room> = {}): Room {
  return { machine, weight: 1, maxShards: undefined, isUsable: true, ...rest }
}

/** `count` instances of so many shards at a machine that is their home too; ids from `first`. */
export function group(
  first: number,
  count: number,
  at: string | undefined,
  rest: Partial<Placed> = {},
): Placed[] {
  return Array.from({ length: count }, (_, n) => ({
    instance: first + n,
    shards: 1,
    at,
    home: at,
    ...rest,
  }))
}

export function carriedOut(placed: readonly Placed[], { moves }: Placement): readonly Placed[] {
  const targets = new Map(moves.map(({ instance, to }) => [instance, to]))
  return placed.map((one) => ({ ...one, at: targets.get(one.instance) ?? one.at }))
}

/** Shards on each machine of the list. */
export function loadsOf(rooms: readonly Room[], placed: readonly Placed[]): number[] {
  const loads = new Map(rooms.map(({ machine }) => [machine, 0]))
  for (const { at, shards } of placed) {
    if (at !== undefined) loads.set(at, (loads.get(at) ?? 0) + shards)
  }
  return rooms.map(({ machine }) => loads.get(machine) ?? 0)
}

/** How far all usable machines are off their targets. */
export function offBy(rooms: readonly Room[], placed: readonly Placed[]): number {
  const usable = rooms.filter(({ isUsable }) => isUsable)
  const total = placed.reduce((sum, { shards }) => sum + shards, 0)
  const targets = targetsOf(usable, total)
  const loads = loadsOf(usable, placed)
  return loads.reduce((sum, load, n) => sum + Math.abs(load - (targets[n] ?? 0)), 0)
}

export function shardsMoved(placed: readonly Placed[], { moves }: Placement): number {
  const sizes = new Map(placed.map(({ instance, shards }) => [instance, shards]))
  return moves.reduce((sum, { instance }) => sum + (sizes.get(instance) ?? Number.NaN), 0)
}

export interface World {
  readonly rooms: readonly Room[]
  readonly placed: readonly Placed[]
}

function nameOf(n: number | undefined): string | undefined {
  return n === undefined ? undefined : `m${n}`
}

/** Worlds of up to so many machines and instances; `sizes`: how many shards one may have. */
export function worlds(
  machinesMax: number,
  instancesMax: number,
  sizes: fc.Arbitrary<number>,
): fc.Arbitrary<World> {
  const machine = fc.record({
    weight: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0.001, 0.5, 2.7, 1_000)),
    maxShards: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
    isUsable: fc.boolean(),
  })
  // One name more than there are machines: of one that was removed.
  const place = fc.option(fc.integer({ min: 0, max: machinesMax }), { nil: undefined })
  const instance = fc.record({ shards: sizes, at: place, home: place })
  return fc
    .record({
      machines: fc.array(machine, { minLength: 1, maxLength: machinesMax }),
      instances: fc.array(instance, { maxLength: instancesMax }),
    })
    .map(({ machines, instances }) => ({
      rooms: machines.map((one, n) => ({ machine: `m${n}`, ...one })),
      placed: instances.map(({ shards, at, home }, n) => ({
        instance: n,
        shards,
        at: nameOf(at),
        home: nameOf(home),
      })),
    }))
}
