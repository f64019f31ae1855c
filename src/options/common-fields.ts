/** Checks that more than one kind of manager uses. */
import { type ShardSelection, selectShards } from '../allocator/shard-lists.js'
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import { type Check, duration, integer, oneOf } from './checks.js'
import { type Fields, withDefault } from './object-check.js'
import type { SignalPolicy } from './resolved-options.js'
import type { ChildShardingModes, ShardingManagerModes } from './sharding-modes.js'

export const managerMode: Check<ShardingManagerModes> = oneOf([
  'processes',
  'workers',
  'clusters',
  'machines',
])

export const childMode: Check<ChildShardingModes> = oneOf(['processes', 'workers', 'clusters'])

/** The mode of instances on this machine: discordoo, too, refuses clusters on Windows. */
export const localMode: Check<ChildShardingModes> = {
  ...childMode,
  read(given, at) {
    const mode = childMode.read(given, at)
    if (mode !== 'clusters' || at.environment.platform !== 'win32') return mode
    return at.fault('DM_OPTION_VALUE', "'clusters' does not work on Windows", {
      given: "'clusters'",
      allowed: "'processes' or 'workers'",
    })
  },
}

/** Shards, checked but not spelled out yet. */
export const shards: Check<ShardSelection> = {
  allowed: 'a number of shards, an array of shard ids, or { from, to }',
  read(given, at) {
    try {
      return selectShards(given, at.path)
    } catch (error) {
      if (!(error instanceof MachinesError)) throw error
      at.add(error)
      return undefined
    }
  },
}

/** The same for a machine, which may have none (`[]`): a spare. */
export const shardsOrNone: Check<ShardSelection> = {
  ...shards,
  read(given, at) {
    return Array.isArray(given) && given.length === 0 ? [] : shards.read(given, at)
  },
}

/** A count of at least one: of shards, of instances at a time, of attempts. */
export const count: Check<number> = integer(1, limits.shardsMax)

export interface GivenCommon {
  readonly signals: SignalPolicy
  readonly callTimeoutMs: number
}

export const commonFields: Fields<GivenCommon> = {
  signals: withDefault(oneOf(['stop', 'detach', 'ignore']), 'stop'),
  callTimeoutMs: withDefault(duration(1), 30_000),
}
