/** The arithmetic of starting again. Pure. */
import type { RespawnPolicy } from '../../options/resolved-options.js'

/**
 * Pause before the next start after so many exits in a row (1 or more).
 *
 * `delayMs` doubled with every exit, at most `delayMsMax`, of which the upper half is random: that
 * keeps instances that fell together (a database went away) from coming back together.
 *
 * @param random a number in [0, 1).
 */
export function respawnDelayMs(policy: RespawnPolicy, exitsInRow: number, random: number): number {
  const fullMs = Math.min(policy.delayMs * 2 ** (exitsInRow - 1), policy.delayMsMax)
  return Math.round(fullMs * (0.5 + random / 2))
}

/** Large bots get 5 session starts a day per 1,000 guilds, and a shard of one has about so many. */
const sessionsPerShard = 5

/** Every bot gets at least so many a day. */
const sessionsPerBot = 1_000

/**
 * Sessions that the instances of one machine may start in 24 hours before respawns are held.
 *
 * What the user gave, else the machine's share, by shards, of what Discord grants the whole bot, as
 * far as `totalShards` tells how large it is, and at least 5 per shard.
 */
export function identifiesPerDay(
  given: number | undefined,
  shardsHere: number,
  totalShards: number,
): number {
  if (given !== undefined) return given
  const ofBot = Math.max(sessionsPerBot, sessionsPerShard * totalShards)
  const share = Math.floor((ofBot * shardsHere) / Math.max(1, totalShards))
  return Math.max(share, sessionsPerShard * shardsHere)
}

/**
 * Longest time from spawn to ready where the user gave none: 30 s to load and log in, and 15 s per
 * shard, because Discord lets one shard identify per 5 s and libraries add pauses of their own.
 */
export function defaultStartTimeoutMs(shardCount: number): number {
  return 30_000 + 15_000 * shardCount
}
