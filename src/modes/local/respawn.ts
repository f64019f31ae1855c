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

/**
 * Longest time from spawn to ready where the user gave none: 30 s to load and log in, and 15 s per
 * shard, because Discord lets one shard identify per 5 s and libraries add pauses of their own.
 */
export function defaultStartTimeoutMs(shardCount: number): number {
  return 30_000 + 15_000 * shardCount
}
