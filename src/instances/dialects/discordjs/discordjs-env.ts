/** What a discord.js `Client` looks for when it is created, as its own ShardingManager gives it. */
import type { DialectSpec } from '../dialect.js'

/**
 * The variables of discord.js 14: `SHARDING_MANAGER` makes the client talk to its manager,
 * `SHARDING_MANAGER_MODE` says by which of Node's means, `SHARDS` is a JSON list of the shards of
 * this instance and `SHARD_COUNT` the number of all. The token is the bot's own affair.
 *
 * A single shard is a bare number, as discord.js's own manager gives it: bots read it as one.
 */
export function discordJsEnv({ shards, totalShards, mode }: DialectSpec): Record<string, string> {
  return {
    SHARDING_MANAGER: 'true',
    SHARDING_MANAGER_MODE: mode === 'workers' ? 'worker' : 'process',
    SHARDS: JSON.stringify(shards.length === 1 ? shards[0] : shards),
    SHARD_COUNT: String(totalShards),
  }
}

/**
 * The `workerData` for a worker: the client reads its shards from there instead of the environment
 * if there is any, so they are added to a plain object of the user. Undefined stays undefined, and
 * what has no room for them (lists, strings, instances of classes) stays as it is.
 */
export function discordJsWorkerData(spec: DialectSpec, userWorkerData: unknown): unknown {
  return isPlainObject(userWorkerData)
    ? { ...userWorkerData, ...discordJsEnv(spec) }
    : userWorkerData
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
