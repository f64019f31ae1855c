/**
 * The seam of the dialects: the language that a bot already speaks with its manager, on the
 * manager's side. One {@link Dialect} serves one incarnation of one instance.
 *
 * It has two tasks. What the bot asks of its manager it turns into calls to the network, and what
 * the network asks of the bot it turns into words that the bot knows. Native bots
 * (`discordoo-machines/bot`) need none: they read envelopes themselves.
 */
import type { MachinesError } from '../../errors.js'
import type { Caller } from '../../routing/caller.js'
import type { EvalScript } from '../../routing/eval-script.js'
import type { Outcome } from '../../routing/outcome.js'
import type { Target } from '../../routing/target.js'
import type { System } from '../../system/system.js'

export type DialectName = 'discordoo' | 'discord.js'

/** What a dialect knows of the instance before it runs. */
export interface DialectSpec {
  readonly instance: number
  readonly shards: readonly number[]
  readonly totalShards: number
  readonly mode: 'processes' | 'workers' | 'clusters'
  /** discordoo's ids (128-bit snowflakes, decimal) of the manager and of the instance. */
  readonly managerIpcId: string
  readonly instanceIpcId: string
}

/** What bot and manager say to each other by Node's own means: `process.send` or `parentPort`. */
export interface BotIpc {
  /** Set before the first turn of the event loop ends, so that nothing is missed. */
  onMessage: (message: unknown) => void
  /**
   * Hands over a value as Node serialises it. False when the bot is gone, or has not taken what it
   * was sent before (limits.channelBacklogBytesMax). Throws what Node throws for values that it
   * cannot serialise.
   */
  send(message: unknown): boolean
}

/** A word of a dialect, from instance to instance: what it is about, and plain data. */
export interface DialectMessage {
  readonly dialect: DialectName
  readonly op: string
  readonly [field: string]: unknown
}

/** All other instances, and the manager of them all, as seen from one instance. */
export interface DialectNetwork {
  /** How many instances there are over all machines: their ids are 0 to this - 1. */
  readonly instanceCount: number
  /** False for a shard below `totalShards` that no machine was given: targets must not name it. */
  hasShard(shard: number): boolean
  /** Deadline of calls that bring none, ms. */
  readonly callTimeoutMs: number
  /**
   * Asks every instance of a target; each answers with what {@link Dialect.answer} gives there.
   *
   * Resolves with one outcome each, by ascending instance id. Rejects with DM_TARGET_UNKNOWN,
   * DM_PENDING_LIMIT, DM_BODY_UNSUPPORTED, DM_BODY_TOO_LARGE, DM_MANAGER_LOST. `runsCode`: the
   * message holds a script, so machines that take no eval from others refuse it.
   */
  ask(
    target: Target,
    message: DialectMessage,
    options: { readonly runsCode: boolean; readonly timeoutMs?: number },
  ): Promise<Outcome[]>
  /**
   * Tells instances something, or the manager of them all; wants no answer. What does not arrive is
   * reported by the manager of this machine. Throws DM_BODY_UNSUPPORTED, DM_BODY_TOO_LARGE.
   */
  tell(target: Target | 'manager', message: DialectMessage): void
  /** Something for the `message` event of the manager of them all. Throws as `tell`. */
  messageManager(message: unknown): void
}

/** What a dialect has of the manager it works for. */
export interface DialectHost {
  readonly spec: DialectSpec
  readonly system: System
  readonly ipc: BotIpc
  readonly network: DialectNetwork
  /** The bot has shown that it speaks this dialect. Called once, before anything below. */
  recognised(): void
  /** All shards of the bot are ready. Later calls do nothing. */
  ready(): void
  /** The bot said that it cannot start: the instance is ended, and tried again as the policy has it. */
  failed(error: MachinesError): void
  /** What became of a gateway connection of the bot. */
  gateway(state: GatewayState): void
  /** Something an operator should know. */
  warn(error: MachinesError): void
}

/** A shard of the instance lost its gateway connection for good, tries again, or has it back. */
export type GatewayState = 'disconnected' | 'reconnecting' | 'resumed'

/** Something that the network asks of the bot. */
export type DialectRequest =
  /** `manager.eval` and `bot.eval`, for a bot that does not speak for itself. */
  | { readonly kind: 'eval'; readonly script: EvalScript; readonly context: object }
  /**
   * What another instance asked with {@link DialectNetwork.ask}. A message that holds a script must
   * be refused where `runsCode` is false: it came past the check of `accept.eval`.
   */
  | {
      readonly kind: 'dialect'
      readonly message: Readonly<Record<string, unknown>>
      readonly runsCode: boolean
    }

export interface Dialect {
  readonly name: DialectName
  /**
   * Answers in the bot's stead; what it throws comes to the asker as an error. Undefined where the
   * preload in the instance answers by itself. Called only after `recognised()`.
   */
  readonly answer?: ((request: DialectRequest, timeoutMs: number) => Promise<unknown>) | undefined
  /** Takes what another instance said with {@link DialectNetwork.tell}. After `recognised()`. */
  told(message: Readonly<Record<string, unknown>>): void
  /** Hands the bot a message of `manager.send`; false when it does not take it. After `recognised()`. */
  message(message: unknown, from: Caller): boolean
  /** Asks the bot to end, in its own words; false when it has none for that. */
  stop(): boolean
  /** The incarnation is gone: frees everything, answers nothing more. */
  close(): void
}

/** Begins to listen for the dialect; the bot's code has not run yet. */
export type DialectFactory = (host: DialectHost) => Dialect
