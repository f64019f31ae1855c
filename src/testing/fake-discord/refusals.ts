/** Everything that the fake Discord refuses, and what the client gets for it. */
import { closeCodes } from './protocol.js'

/** What becomes of the client: a close code, op 9 with `d: false`, an HTTP status, or silence. */
export type RefusalAnswer =
  | { readonly kind: 'close'; readonly code: number }
  | { readonly kind: 'invalid-session' }
  | { readonly kind: 'http'; readonly status: number }
  | { readonly kind: 'ignore' }

const closing = (code: number): RefusalAnswer => ({ kind: 'close', code })
const invalidSession: RefusalAnswer = { kind: 'invalid-session' }
const ignored: RefusalAnswer = { kind: 'ignore' }

export type ViolationReason =
  | 'second-session'
  | 'shard-invalid'
  | 'sharding-required'
  | 'identify-too-soon'
  | 'session-starts-used-up'
  | 'token-wrong'
  | 'not-identified'
  | 'already-identified'
  | 'session-unknown'
  | 'seq-invalid'
  | 'replay-lost'
  | 'opcode-unknown'
  | 'payload-undecodable'
  | 'payload-too-large'
  | 'rate-limited'
  | 'heartbeats-missing'
  | 'intents-invalid'
  | 'intents-disallowed'
  | 'version-invalid'
  | 'encoding-unsupported'
  | 'members-intent-missing'
  | 'guild-elsewhere'
  | 'http-unauthorized'
  | 'connections-too-many'
  | 'client-not-reading'

/**
 * The answer to each. Discord itself allows a second session for a shard; a bot that opens one has
 * the events of that shard twice, so here it is refused with the one code for shards that no library
 * tries again after (4010). Discord resets the token of an app whose session starts are used up; what
 * a client sees of that is 4004.
 */
export const refusalAnswers: Readonly<Record<ViolationReason, RefusalAnswer>> = Object.freeze({
  'second-session': closing(closeCodes.invalidShard),
  'shard-invalid': closing(closeCodes.invalidShard),
  'sharding-required': closing(closeCodes.shardingRequired),
  'identify-too-soon': invalidSession,
  'session-starts-used-up': closing(closeCodes.authenticationFailed),
  'token-wrong': closing(closeCodes.authenticationFailed),
  'not-identified': closing(closeCodes.notAuthenticated),
  'already-identified': closing(closeCodes.alreadyAuthenticated),
  'session-unknown': invalidSession,
  'seq-invalid': closing(closeCodes.invalidSeq),
  'replay-lost': invalidSession,
  'opcode-unknown': closing(closeCodes.unknownOpcode),
  'payload-undecodable': closing(closeCodes.decodeError),
  'payload-too-large': closing(closeCodes.decodeError),
  'rate-limited': closing(closeCodes.rateLimited),
  'heartbeats-missing': closing(closeCodes.sessionTimedOut),
  'intents-invalid': closing(closeCodes.invalidIntents),
  'intents-disallowed': closing(closeCodes.disallowedIntents),
  // There is no code for an encoding that is not spoken; this one no library tries again after.
  'version-invalid': closing(closeCodes.invalidVersion),
  'encoding-unsupported': closing(closeCodes.invalidVersion),
  // Discord leaves these two without an answer as well; libraries run into their own timeouts.
  'members-intent-missing': ignored,
  'guild-elsewhere': ignored,
  'http-unauthorized': { kind: 'http', status: 401 },
  'connections-too-many': { kind: 'http', status: 503 },
  'client-not-reading': closing(closeCodes.abnormal),
})

/** One thing that was refused. */
export interface Violation {
  readonly reason: ViolationReason
  /** The shard concerned; undefined where none was known yet. */
  readonly shard: number | undefined
  /** Ms since the fake Discord was started. */
  readonly at: number
  /** One sentence for people. Never holds a token. */
  readonly detail: string
}
