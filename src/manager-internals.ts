/** `ShardingManager.internals`: what discordoo's manager shows of itself, under the same names. */

export interface ShardingManagerInternals {
  /** discordoo's id of the manager: a snowflake whose shard field is 1111111111. */
  readonly id: string
  /** Shards that this manager answers for, ascending. */
  readonly shards: readonly number[]
  /** discordoo's counters of REST requests; its own apps never report any, so they stay at rest. */
  readonly rest: {
    readonly allowed: number
    readonly allowedResetAt: number
    readonly invalid: number
    readonly invalidResetAt: number
    readonly locked: boolean
  }
}

/** Discord allows 50 requests a second, and 10,000 invalid ones in 10 minutes. */
export const restAtRest: ShardingManagerInternals['rest'] = Object.freeze({
  allowed: 50,
  allowedResetAt: 0,
  invalid: 10_000,
  invalidResetAt: 0,
  locked: false,
})
