/** Which of the instances that a manager answers for a target means. */
import { rangesToList } from './allocator/shard-lists.js'
import { MachinesError } from './errors.js'
import { parseTarget } from './routing/parse-target.js'
import type { Target } from './routing/target.js'
import { shardOfGuild } from './routing/topology.js'

/** The facts of a `ShardingInstance` that targets look at. */
interface Owned {
  readonly id: number
  readonly shards: readonly number[]
  readonly machine: string
  readonly totalShards: number
}

/**
 * Ids, ascending, each once. On a child, whose calls reach the whole bot, these are its own alone.
 *
 * Throws DM_TARGET_INVALID, and DM_TARGET_UNKNOWN for what is not among them.
 */
export function ownInstances(owned: Iterable<Owned>, target: Target): number[] {
  const all = [...owned]
  const resolved = parseTarget(target)
  switch (resolved.kind) {
    case 'all':
      return ascending(all)
    case 'instances': {
      const byId = new Map(all.map((one) => [one.id, one]))
      return ascending(rangesToList(resolved.ranges).map((id) => known(byId, id, 'instance')))
    }
    case 'shards':
      return ascending(servers(all, rangesToList(resolved.ranges)))
    case 'machines': {
      const names = new Map(all.map(({ machine }) => [machine, machine]))
      const wanted = new Set(resolved.names.map((name) => known(names, name, 'machine')))
      return ascending(all.filter(({ machine }) => wanted.has(machine)))
    }
    case 'guild': {
      const { totalShards = 1 } = all[0] ?? {}
      return ascending(servers(all, [shardOfGuild(BigInt(resolved.id), totalShards)]))
    }
    default:
      throw new MachinesError('DM_TARGET_INVALID', `'${resolved.kind}' names no instances`)
  }
}

function servers(all: readonly Owned[], shards: readonly number[]): Owned[] {
  const byShard = new Map(all.flatMap((one) => one.shards.map((shard) => [shard, one])))
  return shards.map((shard) => known(byShard, shard, 'shard'))
}

function known<K extends string | number, V>(table: ReadonlyMap<K, V>, key: K, what: string): V {
  const found = table.get(key)
  if (found !== undefined) return found
  const given = `${what} ${key}`
  throw new MachinesError('DM_TARGET_UNKNOWN', `this manager has no ${given}`, { given })
}

function ascending(instances: readonly Owned[]): number[] {
  return [...new Set(instances.map(({ id }) => id))].toSorted((a, b) => a - b)
}
