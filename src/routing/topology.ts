/**
 * Who runs where: an immutable snapshot that every router resolves targets by.
 *
 * Which instance serves which shards never changes and is shared by all snapshots; on which machine
 * an instance is changes by patches, so that a change costs little however large the bot is.
 */
import type { ShardPlan } from '../allocator/plan-types.js'
import { formatShards } from '../allocator/shard-lists.js'
import { MachinesError } from '../errors.js'
import { MachineTable } from './machine-table.js'
import type { ResolvedTarget } from './resolved-target.js'
import { ShardTable, unknownTarget } from './shard-table.js'
import { invalidTopology } from './topology-checks.js'
import { checkWire, type TopologyPatch, type TopologyWire } from './topology-wire.js'

/** An instance as an asker is told of it; shards as ranges, `0-31,40`. */
export interface WireName {
  readonly instance: number
  readonly machine: string
  readonly shards: string
}

/** Shard of a guild, as Discord computes it: `(id >> 22) % totalShards`. */
export function shardOfGuild(guildId: bigint, totalShards: number): number {
  return Number((guildId >> 22n) % BigInt(totalShards))
}

export class Topology {
  /** How many patches have led to it since the parent's start. */
  readonly version: number
  readonly #shards: ShardTable
  readonly #machines: MachineTable

  private constructor(version: number, shards: ShardTable, machines: MachineTable) {
    this.version = version
    this.#shards = shards
    this.#machines = machines
  }

  /** `down`: indexes of machines that are known to be out of reach. Throws DM_TOPOLOGY_INVALID. */
  static fromPlan(plan: ShardPlan, down: Iterable<number> = []): Topology {
    return Topology.#of({
      format: 1,
      version: 0,
      totalShards: plan.totalShards,
      machines: plan.machines.map(({ index, machine, instances }) => ({
        index,
        name: machine,
        instances: instances.map(({ id, shards }) => [id, formatShards(shards)]),
      })),
      down: [...down],
    })
  }

  /** Takes what a parent sent; throws DM_TOPOLOGY_INVALID on anything that toWire never makes. */
  static fromWire(wire: unknown): Topology {
    return Topology.#of(checkWire(wire))
  }

  static #of({ version, totalShards, machines, down }: TopologyWire): Topology {
    const placed = machines.flatMap(({ instances }) => instances)
    return new Topology(
      version,
      new ShardTable(totalShards, placed),
      MachineTable.of(machines, down),
    )
  }

  /** JSON-safe form, for children; made anew each time, which takes as long as there are instances. */
  toWire(): TopologyWire {
    const machines = this.#machines
    return {
      format: 1,
      version: this.version,
      totalShards: this.totalShards,
      machines: machines.indexes.map((index) => ({
        index,
        name: this.machineName(index),
        instances: machines.instancesOn(index).map((id) => [id, this.#shards.shardsOf(id)]),
      })),
      down: machines.down,
    }
  }

  /**
   * The topology that a patch makes of this one, whose size hardly counts: see machine-table.ts.
   *
   * Throws DM_TOPOLOGY_INVALID for a patch that does not follow on this version, names a machine or
   * instance that does not exist, adds one under an index or a name in use, or removes one that
   * still has instances. What came from another manager goes through `checkPatch` first.
   */
  patched(patch: TopologyPatch): Topology {
    if (patch.version !== this.version + 1) {
      throw invalidTopology(
        `a patch to version ${patch.version} does not follow on ${this.version}`,
      )
    }
    return new Topology(patch.version, this.#shards, this.#machines.patched(patch))
  }

  /** The same machines with others of them out of reach, as the next version. */
  withDown(down: Iterable<number>): Topology {
    return this.patched({ version: this.version + 1, down: [...down] })
  }

  get totalShards(): number {
    return this.#shards.totalShards
  }

  /** All instance ids, ascending; ids are 0..length-1. */
  get instances(): readonly number[] {
    return this.#shards.instances
  }

  get machineIndexes(): readonly number[] {
    return this.#machines.indexes
  }

  /** False when the machine is known to be out of reach, and when there is none. */
  isUp(machine: number): boolean {
    return this.#machines.isUp(machine)
  }

  /** Index of the machine that an instance belongs to; undefined when there is no such instance. */
  machineOf(instance: number): number | undefined {
    return this.#machines.machineOf(instance)
  }

  /** Instances that belong to another machine than in a former topology; ids of both are compared. */
  movedSince(former: Topology): readonly number[] {
    return this.#machines.movedSince(former.#machines)
  }

  /** False for a shard that was left to nobody, or does not exist. */
  hasShard(shard: number): boolean {
    return this.#shards.hasShard(shard)
  }

  /** Name of a machine by index; empty when there is none. */
  machineName(index: number): string {
    return this.#machines.nameOf(index) ?? ''
  }

  nameOf(instance: number): WireName {
    const index = this.machineOf(instance)
    const machine = index === undefined ? '' : this.machineName(index)
    return { instance, machine, shards: this.#shards.shardsOf(instance) }
  }

  /**
   * Ids of the instances that a target means, ascending, each once.
   *
   * Throws DM_TARGET_UNKNOWN naming the first instance, shard or machine that does not exist, and
   * DM_TARGET_INVALID for a target that only routers use. A machine without instances means nobody.
   */
  resolve(target: ResolvedTarget): readonly number[] {
    switch (target.kind) {
      case 'all':
        return this.instances
      case 'instances':
        return this.#shards.byIds(target.ranges)
      case 'shards':
        return this.#shards.byShards(target.ranges)
      case 'machines':
        return this.#byMachines(target.names)
      case 'guild': {
        const shard = shardOfGuild(BigInt(target.id), this.totalShards)
        return this.#shards.byShards([{ from: shard, to: shard }])
      }
      default:
        throw new MachinesError('DM_TARGET_INVALID', `nobody may ask a target '${target.kind}'`)
    }
  }

  #byMachines(names: readonly string[]): readonly number[] {
    const ids = [...new Set(names)].flatMap((name) => {
      const index = this.#machines.indexOf(name)
      if (index === undefined) throw unknownTarget(`machine ${JSON.stringify(name)}`)
      return this.#machines.instancesOn(index)
    })
    return ids.toSorted((a, b) => a - b)
  }
}
