/** `ShardingManager.internals`: what discordoo's manager shows of itself, under the same names. */

export interface ShardingManagerInternals {
  /** discordoo's id of the manager: a snowflake whose shard field is 1111111111. */
  readonly id: string
  /** Shards that this manager answers for, ascending. */
  readonly shards: readonly number[]
  /**
   * discordoo's counters of REST requests over all machines: Discord allows 50 a second, and 10,000
   * invalid ones in 10 minutes. Apps of discordoo 0.12 report none, so they stay at rest.
   */
  readonly rest: {
    readonly allowed: number
    readonly allowedResetAt: number
    readonly invalid: number
    readonly invalidResetAt: number
    readonly locked: boolean
  }
}
