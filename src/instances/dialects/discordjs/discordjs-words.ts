/**
 * The words of discord.js 14 between a bot and its manager (`ShardClientUtil` and `Shard`): plain
 * objects that one key tells apart, as long as its value is truthy. Anything else is a message.
 */
import { limits } from '../../../limits.js'
import { isRecord } from '../../../routing/records.js'
import { runtimeKey } from '../../channel/instance-channel.js'
import type { GatewayState } from '../dialect.js'

/**
 * Evaluated by the client (`this`), it hands the client to the preload of the instance, which from
 * then on answers what others ask of the bot.
 *
 * discord.js could answer by itself, but it tells answers apart by the text of the script, falls
 * silent when a script throws undefined or gives something that JSON cannot say, and knows no
 * deadline.
 */
export const adoptScript: string = `globalThis[Symbol.for('${runtimeKey}')]?.adopt?.(this)`

/** Null until all shards of a client are ready. */
export const readyProperty = 'readyTimestamp'

/** What a bot asks of all others, or of the one that serves a shard. */
export interface Question {
  readonly op: 'eval' | 'fetch'
  /** The script, or the path of a property. */
  readonly what: unknown
  readonly shard: unknown
  /** The bot finds what it asked by these, so an answer repeats them. */
  readonly echo: Readonly<Record<string, unknown>>
}

export interface RespawnAll {
  /** Between two instances. */
  readonly shardDelayMs: number
  /** Between the end of an instance and its new start. */
  readonly respawnDelayMs: number
  /** How long to wait until an instance is ready; undefined: as long as its start may take. */
  readonly timeoutMs: number | undefined
}

export type Word =
  | { readonly kind: 'shard-ready' }
  | { readonly kind: 'gateway'; readonly state: GatewayState }
  | { readonly kind: 'question'; readonly question: Question }
  | { readonly kind: 'respawn-all'; readonly respawn: RespawnAll }
  /** Answers to what the dialect itself asked. */
  | { readonly kind: 'ready-property'; readonly value: unknown }
  | { readonly kind: 'adopted'; readonly error: unknown }
  | { readonly kind: 'message' }

/** What a bot has said, whatever it is; keys count in the order in which discord.js looks at them. */
export function wordOf(said: unknown): Word {
  if (!isRecord(said)) return { kind: 'message' }
  const { _ready, _disconnect, _reconnecting, _resume } = said
  if (_ready) return { kind: 'shard-ready' }
  if (_disconnect) return { kind: 'gateway', state: 'disconnected' }
  if (_reconnecting) return { kind: 'gateway', state: 'reconnecting' }
  if (_resume) return { kind: 'gateway', state: 'resumed' }
  return questionOf(said) ?? answerOf(said) ?? { kind: 'message' }
}

/** Whether a client that is sent this would run it as code. */
export function isScript(message: unknown): boolean {
  if (!isRecord(message)) return false
  const { _eval } = message
  return Boolean(_eval)
}

function questionOf(said: Readonly<Record<string, unknown>>): Word | undefined {
  const { _sFetchProp, _sFetchPropShard, _sEval, _sEvalShard, _sRespawnAll } = said
  if (_sFetchProp) {
    const echo = { _sFetchProp, _sFetchPropShard }
    const question = { op: 'fetch', what: _sFetchProp, shard: _sFetchPropShard, echo } as const
    return { kind: 'question', question }
  }
  if (_sEval) {
    const echo = { _sEval, _sEvalShard }
    const question = { op: 'eval', what: _sEval, shard: _sEvalShard, echo } as const
    return { kind: 'question', question }
  }
  return _sRespawnAll ? { kind: 'respawn-all', respawn: respawnOf(_sRespawnAll) } : undefined
}

function answerOf({
  _fetchProp,
  _eval,
  _result,
  _error,
}: Record<string, unknown>): Word | undefined {
  if (_fetchProp === readyProperty) return { kind: 'ready-property', value: _result }
  if (_eval === adoptScript) return { kind: 'adopted', error: _error }
  return undefined
}

/** The defaults are those of discord.js, where -1 and Infinity (null in JSON) set no limit. */
function respawnOf(asked: unknown): RespawnAll {
  const { shardDelay, respawnDelay, timeout } = isRecord(asked) ? asked : {}
  const isUnlimited = timeout === -1 || timeout === Number.POSITIVE_INFINITY || timeout === null
  return {
    shardDelayMs: durationOf(shardDelay, 5_000),
    respawnDelayMs: durationOf(respawnDelay, 500),
    timeoutMs: isUnlimited ? undefined : durationOf(timeout, 30_000),
  }
}

function durationOf(value: unknown, fallback: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return fallback
  return Math.min(Math.max(value, 0), limits.timeoutMsMax)
}
