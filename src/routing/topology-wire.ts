/** The topology and its changes as JSON, for children, and the checks of what one receives. */
import { limits } from '../limits.js'
import {
  array,
  integer,
  invalidTopology,
  machineIndex,
  machineIndexes,
  machineName,
  pair,
  record,
  versionNumber,
} from './topology-checks.js'

export interface TopologyWire {
  readonly format: 1
  /** How many patches have led to it since the parent's start; the next patch makes the next one. */
  readonly version: number
  readonly totalShards: number
  readonly machines: readonly MachineWire[]
  /** Indexes of machines that cannot be reached now. */
  readonly down: readonly number[]
}

export interface MachineWire {
  readonly index: number
  readonly name: string
  /** Instance id and its shards as ranges; there may be none. */
  readonly instances: readonly (readonly [number, string])[]
}

/** Ids and shards of instances never change, so a patch only says where they are. */
export interface TopologyPatch {
  /** Of the topology that it makes: one more than that of the topology it is made for. */
  readonly version: number
  /** All machines that cannot be reached now; left out: the same as before. */
  readonly down?: readonly number[]
  /** Instance and the index of its machine from now on. */
  readonly moved?: readonly (readonly [number, number])[]
  /** Machines without instances; each index is above all that were ever in use. */
  readonly added?: readonly AddedMachine[]
  /** Machines that no instance belongs to any more; their indexes are never used again. */
  readonly removed?: readonly number[]
}

export interface AddedMachine {
  readonly index: number
  readonly name: string
}

/** A copy with nothing but known members of the right shape; throws DM_TOPOLOGY_INVALID. */
export function checkWire(wire: unknown): TopologyWire {
  const { format, version, totalShards, machines, down } = record(wire)
  if (format !== 1) throw invalidTopology('an unknown format')
  const total = integer(totalShards, 1, limits.shardsMax, 'totalShards')
  const list = array(machines, limits.pointsMax, 'machines').map((machine) => check(machine, total))
  const count = list.reduce((sum, { instances }) => sum + instances.length, 0)
  if (count > total) throw invalidTopology(`${count} instances for ${total} shards`)
  return {
    format,
    version: versionNumber(version),
    totalShards: total,
    machines: list,
    down: machineIndexes(down, 'down'),
  }
}

function check(machine: unknown, total: number): MachineWire {
  const { index, name, instances } = record(machine)
  return {
    index: machineIndex(index, 'index'),
    name: machineName(name),
    instances: array(instances, total, 'instances').map((entry) => {
      const [id, shards] = pair(entry, 'an instance')
      if (typeof shards !== 'string') throw invalidTopology('shards of an instance')
      return [integer(id, 0, total - 1, 'an instance id'), shards]
    }),
  }
}

/**
 * A copy with nothing but known members of the right shape; throws DM_TOPOLOGY_INVALID. Whether it
 * fits a topology is for `Topology.patched` to say.
 */
export function checkPatch(wire: unknown): TopologyPatch {
  const { version, down, moved, added, removed } = record(wire)
  return {
    version: versionNumber(version),
    ...(down === undefined ? {} : { down: machineIndexes(down, 'down') }),
    ...(moved === undefined ? {} : { moved: checkMoved(moved) }),
    ...(added === undefined ? {} : { added: checkAdded(added) }),
    ...(removed === undefined ? {} : { removed: machineIndexes(removed, 'removed') }),
  }
}

function checkMoved(moved: unknown): readonly (readonly [number, number])[] {
  return array(moved, limits.shardsMax, 'moved').map((entry) => {
    const [instance, index] = pair(entry, 'a move')
    return [
      integer(instance, 0, limits.shardsMax - 1, 'a moved instance'),
      machineIndex(index, 'the machine of a move'),
    ]
  })
}

function checkAdded(added: unknown): readonly AddedMachine[] {
  return array(added, limits.pointsMax, 'added').map((machine) => {
    const { index, name } = record(machine)
    return { index: machineIndex(index, 'an added index'), name: machineName(name) }
  })
}
