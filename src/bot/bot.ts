/** The bot's side of the manager: what `discordoo-machines/bot` exports as `bot`. */
import { parseRanges, rangesToList } from '../allocator/shard-lists.js'
import type { Caller } from '../routing/caller.js'
import type { EvalContext, Evaluable } from '../routing/calls.js'
import { type CallInfo, Handlers } from '../routing/handlers.js'
import type { CallOptions, EvalOptions, Outcome, SendOptions } from '../routing/outcome.js'
import type { Undelivered } from '../routing/router-types.js'
import { lazyDebug } from '../system/lazy-debug.js'
import type { System } from '../system/system.js'
import type { InstanceRuntime, StopRequest } from './instance-runtime.js'
import { Listeners } from './listeners.js'
import type { NewTalk, Talk } from './talk.js'

const debug = lazyDebug('discordoo:machines:bot')

/** A message from another instance, or from a manager. */
export interface ReceivedMessage {
  /** What was sent. */
  readonly message: unknown
  /** Who sent it. */
  readonly from: Caller
}

/** Events of {@link Bot} and what their listeners get. */
export interface BotEvents {
  /** A message for this instance. */
  readonly message: ReceivedMessage
  /** A message of this instance did not reach some of its targets. */
  readonly undelivered: Undelivered
  /** The manager asks this instance to end; see {@link Bot.on}. */
  readonly stopping: StopRequest
}

/**
 * What a bot talks with is loaded with its first word, or when it has started: not much later, as an
 * update may put another version into its folder while it runs.
 */
const talkLoadedAfterMs = 1_000

/** How this instance runs; `'none'` when no manager started it. */
export type BotMode = InstanceRuntime['identity']['mode'] | 'none'

/** Answers a named request; may be async. What it throws comes back to the asker as DM_REMOTE. */
// biome-ignore lint/suspicious/noExplicitAny: the payload is whatever the bots agreed upon; `unknown` would refuse handlers that say so.
export type Handler<P = any> = (payload: P, from: Caller, call: CallInfo) => unknown

/**
 * This instance, towards its manager and all other instances: `import { bot } from
 * 'discordoo-machines/bot'` gives the only one there is, however many copies of the package a bot
 * loads.
 */
export class Bot {
  readonly #runtime: InstanceRuntime
  readonly #listeners = new Listeners<BotEvents>()
  readonly #exposed: Record<string, unknown> = { bot: this }
  readonly #handlers = new Handlers()
  readonly #newTalk: () => Talk
  #talked: Talk | undefined

  /** Whether a manager started this instance. */
  readonly managed: boolean
  /** Instance id, unique over all machines; 0 without a manager. */
  readonly id: number
  /** Shards to serve, ascending; `[0]` without a manager. */
  readonly shards: readonly number[]
  /** Shards of the whole bot, over all machines; 1 without a manager. */
  readonly totalShards: number
  /** Name of this machine; `'local'` without a manager. */
  readonly machine: string
  /** How this instance runs; `'none'` without a manager. */
  readonly mode: BotMode

  /** @internal */
  constructor(runtime: InstanceRuntime, managed: boolean, system: System, newTalk: NewTalk) {
    const { instance, shards, totalShards, machine, mode } = runtime.identity
    this.#runtime = runtime
    this.managed = managed
    this.id = instance
    this.shards = Object.freeze(rangesToList(parseRanges(shards)))
    this.totalShards = totalShards
    this.machine = machine
    this.mode = managed ? mode : 'none'
    this.#newTalk = () =>
      newTalk({
        runtime,
        system,
        exposed: this.#exposed,
        handlers: this.#handlers,
        onMessage: (received) => this.#emit('message', received),
        onUndelivered: (report) => this.#emit('undelivered', report),
      })
    system.setTimer(talkLoadedAfterMs, () => this.#talk)
    runtime.attach({
      envelope: (envelope) => this.#talk.receive(envelope),
      stop: (request) => this.#stop(request),
    })
  }

  /**
   * Tells the manager that this instance does its work; it then counts as started. Later calls do
   * nothing, and without a manager so does the first. Calls and messages work before it, too.
   */
  ready(): void {
    this.#runtime.ready()
  }

  /**
   * Makes values known to evaluated functions, beside the context of the call and `bot` itself: after
   * `bot.expose({ client })` they find `client` in their argument. Names exposed here win over names
   * of the context; a later value of the same name replaces the earlier one.
   */
  expose(values: object): void {
    Object.assign(this.#exposed, values)
  }

  /**
   * Sends a message to the `message` event of instances, by default of all, this one included.
   *
   * Returns the id that an `undelivered` event would name. Throws DM_TARGET_INVALID,
   * DM_BODY_UNSUPPORTED for what cannot be sent, DM_BODY_TOO_LARGE above 64 MiB.
   */
  send(message: unknown, options?: SendOptions): number {
    return this.#talk.calls.send(message, options)
  }

  /**
   * Resolves when what this instance has sent was passed on by its manager, and the links of that
   * manager have room for as much again. For whoever sends in bursts: `bot.send(message); await
   * bot.flushed()`. Never rejects; what is lost meanwhile is reported by `undelivered`, as ever.
   * Without a manager it resolves at once.
   */
  flushed(): Promise<void> {
    // Nothing that was not loaded yet has anything to send.
    this.#talked?.flush()
    return this.#runtime.flushed()
  }

  /**
   * Runs a function on instances, by default on all, and resolves with what it returned on each, in
   * the order of instance ids.
   *
   * The function travels as its source: it sees its one argument (context and exposed values) and
   * globals, nothing else. Of a string, the text is the body of an async function with a parameter
   * `context`, so it needs a `return`. When any instance fails, rejects with the error of the first
   * one: its `code`, `instance`, `machine`, as `cause` what was thrown there, and all in `failures`.
   */
  eval<R = unknown, C extends object = EvalContext>(
    script: Evaluable<R, C>,
    options?: EvalOptions,
  ): Promise<R[]> {
    return this.#talk.calls.eval(script, options)
  }

  /** As `eval`, but resolves with the outcome of every instance, whatever became of it. */
  evalSettled<R = unknown, C extends object = EvalContext>(
    script: Evaluable<R, C>,
    options?: EvalOptions,
  ): Promise<Outcome<R>[]> {
    return this.#talk.calls.evalSettled(script, options)
  }

  /** Calls the handler of this name on instances, by default on all; resolves as `eval` does. */
  request<R = unknown>(name: string, payload?: unknown, options?: CallOptions): Promise<R[]> {
    return this.#talk.calls.request(name, payload, options)
  }

  /** As `request`, but resolves with the outcome of every instance, whatever became of it. */
  requestSettled<R = unknown>(
    name: string,
    payload?: unknown,
    options?: CallOptions,
  ): Promise<Outcome<R>[]> {
    return this.#talk.calls.requestSettled(name, payload, options)
  }

  /**
   * Answers requests of this name with what `handler` returns or resolves with.
   *
   * Returns a function that takes the handler away. Throws DM_STATE when the name has one already.
   */
  handle(name: string, handler: Handler): () => void {
    return this.#handlers.add(name, handler)
  }

  /**
   * Calls `listener` for every event of this name.
   *
   * `stopping`: say goodbye, asynchronously if need be; the instance ends once every listener has
   * resolved, and is killed when that takes longer than `timeoutMs` of the event. A listener of
   * another event that throws or rejects is an unhandled rejection, as elsewhere in Node.
   */
  on<K extends keyof BotEvents>(name: K, listener: (event: BotEvents[K]) => unknown): this {
    this.#listeners.add(name, listener, false)
    return this
  }

  /** As `on`, for the next event only. */
  once<K extends keyof BotEvents>(name: K, listener: (event: BotEvents[K]) => unknown): this {
    this.#listeners.add(name, listener, true)
    return this
  }

  /** Undoes one `on` or `once` of this listener. */
  off<K extends keyof BotEvents>(name: K, listener: (event: BotEvents[K]) => unknown): this {
    this.#listeners.remove(name, listener)
    return this
  }

  get #talk(): Talk {
    this.#talked ??= this.#newTalk()
    return this.#talked
  }

  #emit<K extends keyof BotEvents>(name: K, event: BotEvents[K]): void {
    if (!this.#listeners.has(name)) debug('nobody listens to %s', name)
    for (const done of this.#listeners.emit(name, event)) void done
  }

  /** Calls stay possible until the end, and open ones are left open: the instance exits right after. */
  async #stop(request: StopRequest): Promise<void> {
    const goodbyes = await Promise.allSettled(this.#listeners.emit('stopping', request))
    for (const goodbye of goodbyes) {
      if (goodbye.status === 'rejected') debug('a stopping listener failed: %o', goodbye.reason)
    }
  }
}
