/** The topology as JSON, for children, and the check of what one receives. */
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import { isRecord } from './records.js'

export interface TopologyWire {
  readonly version: 1
  readonly totalShards: number
  readonly machines: readonly MachineWire[]
  /** Indexes of machines that cannot be reached now. */
  readonly down: readonly number[]
}

interface MachineWire {
  readonly index: number
  readonly name: string
  /** Instance id and its shards as ranges. */
  readonly instances: readonly (readonly [number, string])[]
}

/** A copy with nothing but known members of the right shape; throws DM_TOPOLOGY_INVALID. */
export function checkWire(wire: unknown): TopologyWire {
  const { version, totalShards, machines, down } = record(wire)
  if (version !== 1) throw invalid('an unknown version')
  const total = integer(totalShards, 1, limits.shardsMax, 'totalShards')
  const list = array(machines, limits.pointsMax, 'machines').map((machine) => check(machine, total))
  const indexes = new Set(list.map(({ index }) => index))
  const names = new Set(list.map(({ name }) => name))
  if (indexes.size !== list.length || names.size !== list.length) {
    throw invalid('two machines have the same index or name')
  }
  const count = list.reduce((sum, { instances }) => sum + instances.length, 0)
  if (count > total) throw invalid(`${count} instances for ${total} shards`)
  for (const [id] of list.flatMap(({ instances }) => instances)) {
    if (id >= count) throw invalid(`instance ${id} of ${count}: ids have no gaps`)
  }
  return {
    version,
    totalShards: total,
    machines: list,
    down: array(down, limits.pointsMax, 'down').map((index) =>
      integer(index, 0, limits.pointsMax, 'down'),
    ),
  }
}

function check(machine: unknown, total: number): MachineWire {
  const { index, name, instances } = record(machine)
  if (typeof name !== 'string' || name === '') throw invalid('a machine without a name')
  if (Buffer.byteLength(name) > limits.machineNameBytesMax) {
    throw invalid(`a machine name is longer than ${limits.machineNameBytesMax} bytes`)
  }
  return {
    index: integer(index, 0, limits.pointsMax - 1, 'index'),
    name,
    instances: array(instances, total, 'instances').map((entry) => {
      const [id, shards, ...rest] = array(entry, 2, 'an instance')
      if (typeof shards !== 'string' || rest.length > 0) throw invalid('shards of an instance')
      return [integer(id, 0, total - 1, 'an instance id'), shards]
    }),
  }
}

function record(value: unknown): Record<string, unknown> {
  if (isRecord(value)) return value
  throw invalid('no object where one belongs')
}

function array(value: unknown, lengthMax: number, what: string): readonly unknown[] {
  if (Array.isArray(value) && value.length <= lengthMax) return value
  throw invalid(`${what} is no list, or one of over ${lengthMax}`)
}

function integer(value: unknown, min: number, max: number, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value
  }
  throw invalid(`${what} is not a number from ${min} to ${max}`)
}

function invalid(why: string): MachinesError {
  return new MachinesError('DM_TOPOLOGY_INVALID', `topology: ${why}`)
}
