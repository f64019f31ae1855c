/** What one fake gateway holds its clients to, and the state that its connections share. */
import type { Guilds } from './guilds.js'
import type { RefusalAnswer, ViolationReason } from './refusals.js'
import { refusalAnswers } from './refusals.js'
import type { SessionStarts } from './session-starts.js'
import type { GatewaySessionTable } from './session-table.js'
import type { Tally } from './tally.js'

interface GatewayRules {
  readonly totalShards: number
  readonly heartbeatIntervalMs: number
  /** The one token that is right; undefined: any that is not empty. */
  readonly token: string | undefined
  /** Intents that the application was not given: 4014. */
  readonly disallowedIntents: number
  /** Where sessions are resumed. */
  readonly resumeUrl: string
}

/** Shared by all connections of one fake gateway. */
export interface GatewayWorld {
  readonly rules: GatewayRules
  readonly sessions: GatewaySessionTable
  readonly starts: SessionStarts
  readonly guilds: Guilds
  readonly tally: Tally
}

/** Something that a client did and must not do. */
export interface Refusal {
  readonly reason: ViolationReason
  readonly detail: string
  readonly shard?: number
}

/** Counts a refusal and says what the client gets for it. */
export function refuse(world: GatewayWorld, refusal: Refusal, now: number): RefusalAnswer {
  const { reason, detail, shard } = refusal
  world.tally.countRefusal({ reason, detail, shard, at: Math.round(now) })
  return refusalAnswers[reason]
}

/** Whether the token is right. `Bot ` before it is no part of it, as some libraries send it along. */
export function isTokenRight(given: string, right: string | undefined): boolean {
  const bare = given.replace(/^Bot\s+/i, '')
  return right === undefined ? bare !== '' : bare === right.replace(/^Bot\s+/i, '')
}
