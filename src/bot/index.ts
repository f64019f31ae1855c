/**
 * What a bot uses inside an instance, whatever library it is written with.
 *
 * ```js
 * import { bot } from 'discordoo-machines/bot'
 *
 * const client = new Client({ shards: bot.shards, shardCount: bot.totalShards })
 * bot.expose({ client })
 * await client.login(token)
 * bot.ready()
 *
 * const guilds = await bot.eval(({ client }) => client.guilds.cache.size)
 * ```
 *
 * Without a manager, `bot` is a lone instance with the only shard, and everything works locally.
 *
 * @packageDocumentation
 */
import { realSystem } from '../system/system.js'
import type { Bot } from './bot.js'
import { loadedTalk } from './load-talk.js'
import { obtainBot } from './obtain-bot.js'

/** This instance. */
export const bot: Bot = obtainBot(globalThis, realSystem, loadedTalk)

export type { ErrorCode } from '../errors.js'
export { MachinesError } from '../errors.js'
export type { Caller } from '../routing/caller.js'
export type { EvalContext, Evaluable } from '../routing/calls.js'
export type { CallInfo } from '../routing/handlers.js'
export type {
  CallOptions,
  EvalOptions,
  InstanceName,
  Outcome,
  OutcomeStatus,
  SendOptions,
} from '../routing/outcome.js'
export type { Undelivered } from '../routing/router-types.js'
export type { Target } from '../routing/target.js'
export type { Bot, BotEvents, BotMode, Handler, ReceivedMessage } from './bot.js'
export type { StopRequest } from './instance-runtime.js'
