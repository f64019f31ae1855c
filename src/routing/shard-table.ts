/**
 * Which instance serves which shards: the half of a topology that never changes, shared by all
 * snapshots of it.
 *
 * Lookups are typed arrays and the shards of an instance are kept as text ranges, so that 100,000
 * shards cost about a megabyte.
 */
import { parseRanges, rangesToList } from '../allocator/shard-lists.js'
import type { ShardRange } from '../allocator/shard-range.js'
import { MachinesError } from '../errors.js'
import { invalidTopology } from './topology-checks.js'

const none = 0xffff_ffff

export class ShardTable {
  readonly totalShards: number
  /** All instance ids, ascending; ids are 0..length-1. */
  readonly instances: readonly number[]
  readonly #shardsOf: (string | undefined)[]
  readonly #instanceOfShard: Uint32Array

  /**
   * Takes instance ids with their shards as ranges, in any order. Throws DM_TOPOLOGY_INVALID where
   * ids have gaps, or an instance or a shard stands twice.
   */
  constructor(totalShards: number, instances: readonly (readonly [number, string])[]) {
    this.totalShards = totalShards
    this.instances = Array.from({ length: instances.length }, (_, id) => id)
    this.#shardsOf = Array.from({ length: instances.length }, () => undefined)
    this.#instanceOfShard = new Uint32Array(totalShards).fill(none)
    for (const [id, shards] of instances) this.#place(id, shards)
  }

  /** The shards of an instance as ranges; empty when there is no such instance. */
  shardsOf(instance: number): string {
    return this.#shardsOf[instance] ?? ''
  }

  /** False for a shard that was left to nobody, or does not exist. */
  hasShard(shard: number): boolean {
    return (this.#instanceOfShard[shard] ?? none) !== none
  }

  /** The ids spelled out; throws DM_TARGET_UNKNOWN for the first that does not exist. */
  byIds(wanted: readonly ShardRange[]): readonly number[] {
    for (const { from, to } of wanted) {
      if (to < this.instances.length) continue
      throw unknownTarget(`instance ${Math.max(from, this.instances.length)}`)
    }
    return rangesToList(wanted)
  }

  /** Who serves the shards, ascending; throws DM_TARGET_UNKNOWN for the first that nobody serves. */
  byShards(wanted: readonly ShardRange[]): readonly number[] {
    const ids = new Set<number>()
    for (const { from, to } of wanted) {
      // The first shard out of bounds ends the loop, however far the range goes.
      for (let shard = from; shard <= to; shard += 1) {
        const id = this.#instanceOfShard[shard]
        if (id === undefined || id === none) throw unknownTarget(`shard ${shard}`)
        ids.add(id)
      }
    }
    return [...ids].toSorted((a, b) => a - b)
  }

  #place(id: number, shards: string): void {
    const count = this.instances.length
    if (id >= count) throw invalidTopology(`instance ${id} of ${count}: ids have no gaps`)
    if (this.#shardsOf[id] !== undefined) throw invalidTopology(`instance ${id} stands twice`)
    this.#shardsOf[id] = shards
    for (const { from, to } of ranges(shards)) {
      if (to >= this.totalShards) throw invalidTopology(`shard ${to} of ${this.totalShards}`)
      for (let shard = from; shard <= to; shard += 1) {
        if (this.#instanceOfShard[shard] !== none)
          throw invalidTopology(`shard ${shard} stands twice`)
        this.#instanceOfShard[shard] = id
      }
    }
  }
}

function ranges(text: string): readonly ShardRange[] {
  try {
    return parseRanges(text)
  } catch (cause) {
    throw invalidTopology('the shards of an instance are not ranges', cause)
  }
}

export function unknownTarget(what: string): MachinesError {
  return new MachinesError('DM_TARGET_UNKNOWN', `there is no ${what} in the plan`, { given: what })
}
