/**
 * Who runs where: an immutable snapshot that every router resolves targets by.
 *
 * Lookups by instance and shard are typed arrays, shards of an instance are kept as text ranges, so
 * that 100,000 shards cost about a megabyte and a broadcast costs one pass over its instances.
 */
import type { ShardPlan } from '../allocator/plan-types.js'
import { formatRanges, listToRanges, parseRanges, rangesToList } from '../allocator/shard-lists.js'
import type { ShardRange } from '../allocator/shard-range.js'
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import type { ResolvedTarget } from './resolved-target.js'
import type { TopologyWire } from './topology-wire.js'
import { checkWire } from './topology-wire.js'

/** An instance as an asker is told of it; shards as ranges, `0-31,40`. */
export interface WireName {
  readonly instance: number
  readonly machine: string
  readonly shards: string
}

interface Machine {
  readonly name: string
  readonly instances: readonly number[]
}

const none = 0xffff_ffff

/** Shard of a guild, as Discord computes it: `(id >> 22) % totalShards`. */
export function shardOfGuild(guildId: bigint, totalShards: number): number {
  return Number((guildId >> 22n) % BigInt(totalShards))
}

export class Topology {
  readonly totalShards: number
  /** All instance ids, ascending; ids are 0..length-1. */
  readonly instances: readonly number[]
  readonly #wire: TopologyWire
  readonly #machines = new Map<number, Machine>()
  readonly #byName = new Map<string, Machine>()
  readonly #down: ReadonlySet<number>
  readonly #machineOf: Uint32Array
  readonly #shardsOf: string[]
  readonly #instanceOfShard: Uint32Array

  private constructor(wire: TopologyWire) {
    const count = wire.machines.reduce((total, machine) => total + machine.instances.length, 0)
    this.totalShards = wire.totalShards
    this.instances = Array.from({ length: count }, (_, id) => id)
    this.#wire = wire
    this.#down = new Set(wire.down)
    this.#machineOf = new Uint32Array(count).fill(none)
    this.#shardsOf = Array.from({ length: count }, () => '')
    this.#instanceOfShard = new Uint32Array(wire.totalShards).fill(none)
    for (const { index, name, instances } of wire.machines) {
      const ids = instances.map(([id]) => id)
      const machine = { name, instances: ids.toSorted((a, b) => a - b) }
      this.#machines.set(index, machine)
      this.#byName.set(name, machine)
      for (const [id, shards] of instances) this.#place(id, index, shards)
    }
  }

  /** `down`: indexes of machines that are known to be out of reach. */
  static fromPlan(plan: ShardPlan, down: Iterable<number> = []): Topology {
    return Topology.fromWire({
      version: 1,
      totalShards: plan.totalShards,
      machines: plan.machines.map(({ index, machine, instances }) => ({
        index,
        name: machine,
        instances: instances.map(({ id, shards }) => [id, formatRanges(listToRanges(shards))]),
      })),
      down: [...down],
    })
  }

  /** Takes what a parent sent; throws DM_TOPOLOGY_INVALID on anything that toWire never makes. */
  static fromWire(wire: unknown): Topology {
    return new Topology(checkWire(wire))
  }

  /** JSON-safe form, for children. */
  toWire(): TopologyWire {
    return this.#wire
  }

  /** The same plan with other machines out of reach. */
  withDown(down: Iterable<number>): Topology {
    return new Topology({ ...this.#wire, down: [...down] })
  }

  /** False when the machine is known to be out of reach. */
  isUp(machine: number): boolean {
    return !this.#down.has(machine)
  }

  get machineIndexes(): readonly number[] {
    return [...this.#machines.keys()]
  }

  /** Index of the machine that runs an instance; undefined when there is no such instance. */
  machineOf(instance: number): number | undefined {
    return this.#machineOf[instance]
  }

  /** False for a shard that was left to nobody, or does not exist. */
  hasShard(shard: number): boolean {
    return (this.#instanceOfShard[shard] ?? none) !== none
  }

  /** Name of a machine by index; empty when there is none. */
  machineName(index: number): string {
    return this.#machines.get(index)?.name ?? ''
  }

  nameOf(instance: number): WireName {
    const machine = this.machineName(this.#machineOf[instance] ?? none)
    return { instance, machine, shards: this.#shardsOf[instance] ?? '' }
  }

  /**
   * Ids of the instances that a target means, ascending, each once.
   *
   * Throws DM_TARGET_UNKNOWN naming the first instance, shard or machine that does not exist, and
   * DM_TARGET_INVALID for a target that only routers use.
   */
  resolve(target: ResolvedTarget): readonly number[] {
    switch (target.kind) {
      case 'all':
        return this.instances
      case 'instances':
        return this.#byIds(target.ranges)
      case 'shards':
        return this.#byShards(target.ranges)
      case 'machines':
        return ascending(target.names.flatMap((name) => this.#byMachine(name)))
      case 'guild': {
        const shard = shardOfGuild(BigInt(target.id), this.totalShards)
        return this.#byShards([{ from: shard, to: shard }])
      }
      default:
        throw new MachinesError('DM_TARGET_INVALID', `nobody may ask a target '${target.kind}'`)
    }
  }

  #place(id: number, machine: number, shards: string): void {
    if (this.#machineOf[id] !== none) throw invalid(`instance ${id} stands twice`)
    this.#machineOf[id] = machine
    this.#shardsOf[id] = shards
    for (const { from, to } of ranges(shards)) {
      if (to >= this.totalShards) throw invalid(`shard ${to} of ${this.totalShards}`)
      for (let shard = from; shard <= to; shard += 1) {
        if (this.#instanceOfShard[shard] !== none) throw invalid(`shard ${shard} stands twice`)
        this.#instanceOfShard[shard] = id
      }
    }
  }

  #byIds(wanted: readonly ShardRange[]): readonly number[] {
    for (const { from, to } of wanted) {
      if (to < this.instances.length) continue
      throw unknown(`instance ${Math.max(from, this.instances.length)}`)
    }
    return rangesToList(wanted)
  }

  #byShards(wanted: readonly ShardRange[]): readonly number[] {
    const ids = new Set<number>()
    for (const { from, to } of wanted) {
      // The first shard out of bounds ends the loop, however far the range goes.
      for (let shard = from; shard <= to; shard += 1) {
        const id = this.#instanceOfShard[shard]
        if (id === undefined || id === none) throw unknown(`shard ${shard}`)
        ids.add(id)
      }
    }
    return ascending(ids)
  }

  #byMachine(name: string): readonly number[] {
    const machine = this.#byName.get(name)
    if (machine === undefined) throw unknown(`machine ${JSON.stringify(name)}`)
    return machine.instances
  }
}

function ranges(text: string): readonly ShardRange[] {
  try {
    return parseRanges(text)
  } catch (cause) {
    throw invalid('the shards of an instance are not ranges', cause)
  }
}

function ascending(ids: Iterable<number>): readonly number[] {
  return [...new Set(ids)].toSorted((a, b) => a - b)
}

function unknown(what: string): MachinesError {
  return new MachinesError('DM_TARGET_UNKNOWN', `there is no ${what} in the plan`, { given: what })
}

function invalid(why: string, cause?: unknown): MachinesError {
  const shown = why.slice(0, limits.machineNameBytesMax)
  return new MachinesError('DM_TOPOLOGY_INVALID', `topology: ${shown}`, { cause })
}
