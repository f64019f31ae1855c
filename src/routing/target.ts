/** Whom a call or message is for. */
import type { ShardRange } from '../allocator/shard-range.js'

type IdList = number | readonly number[] | ShardRange

/**
 * Whom a call or message is for: `'all'`, an instance id or a list of them, or an object that names
 * instances, shards (the instances that serve them), machines, or a guild (the instance that serves
 * shard `(guildId >> 22) % totalShards`, as Discord computes it).
 *
 * A range `{ from, to }` includes both ends. Every instance is asked once, however many of its
 * shards were named.
 */
export type Target =
  | 'all'
  | number
  | readonly number[]
  | { readonly instance: IdList }
  | { readonly shard: IdList }
  | { readonly machine: string | readonly string[] }
  | { readonly guild: string | bigint }
