/**
 * The public handle of one instance, with the members of discordoo's `ShardingInstance`. It works
 * the same whether the instance runs on this machine or on another one.
 */
import { MachinesError } from '../errors.js'
import type { Evaluable } from '../routing/calls.js'
import type { Target } from '../routing/target.js'
import { TypedEvents } from '../system/typed-events.js'

/** Which instances `ShardingInstance.eval` reaches; `'current'` is the instance itself. */
export type InstanceSelector =
  | 'all'
  | 'current'
  | number
  | readonly number[]
  | { readonly from: number; readonly to: number }

/** Options of `ShardingInstance.eval`, as in discordoo. */
export interface InstanceEvalOptions {
  /** Default `'current'`: the instance itself (discordoo takes its shard ids for instance ids). */
  readonly instance?: InstanceSelector
  /** Handed to the function, as its one argument, together with what the bot exposed. */
  readonly context?: object
}

/** What the handle needs from its manager. */
export interface InstanceBackend {
  isRunning(instance: number): boolean
  raw(instance: number): unknown
  create(instance: number, timeoutMs: number | undefined): Promise<void>
  kill(instance: number): Promise<void>
  recreate(instance: number, timeoutMs: number | undefined): Promise<void>
  send(instance: number, message: unknown): void
  eval(script: Evaluable<unknown>, to: Target, context: object | undefined): Promise<unknown[]>
}

/** What is known of an instance before it runs. */
export interface ShardingInstanceOptions {
  readonly shards: readonly number[]
  readonly totalShards: number
  readonly mode: 'processes' | 'workers' | 'clusters'
  /** The bot's start file; undefined where the machine knows it and this manager does not. */
  readonly file: string | undefined
  /** Name of the machine that runs it. */
  readonly machine: string
}

/** A packet as it came from an instance: header and body of a routed envelope. */
export interface RawPacket {
  readonly envelope: Uint8Array
}

/** `ShardingInstance.ipc`: emits `RAW` with every packet that the instance sends to this manager. */
export class InstanceIpc extends TypedEvents<{ RAW: (packet: RawPacket) => void }> {}

/**
 * The handle of one instance, made by its manager and the same object as long as the instance has
 * the same shards: over respawns, `recreate()`, a parent's lost and resumed links, and moves from one
 * machine to another, after which `machine`, `mode` and `options` say where it belongs now.
 */
export class ShardingInstance<Manager = unknown> {
  /** Instance id: unique over all machines, from 0 without gaps, the same after a restart. */
  readonly id: number
  /** discordoo's id of the instance: a snowflake whose shard field is the instance id. */
  readonly ipcId: string
  /** Emits `RAW` with every packet that the instance sends to this manager. */
  readonly ipc: InstanceIpc = new InstanceIpc()
  /** Ids of the shards it serves, ascending. */
  readonly shards: readonly number[]
  /** Shards of the whole bot, over all machines. */
  readonly totalShards: number
  /** The manager whose `instances` holds this handle. */
  readonly manager: Manager
  readonly #backend: InstanceBackend
  #options: ShardingInstanceOptions

  /** @internal */
  constructor(
    manager: Manager,
    id: number,
    ipcId: string,
    options: ShardingInstanceOptions,
    backend: InstanceBackend,
  ) {
    this.manager = manager
    this.id = id
    this.ipcId = ipcId
    this.#options = options
    this.shards = options.shards
    this.totalShards = options.totalShards
    this.#backend = backend
  }

  /** What it is planned with, on the machine that it belongs to. */
  get options(): ShardingInstanceOptions {
    return this.#options
  }

  /** How it runs. */
  get mode(): 'processes' | 'workers' | 'clusters' {
    return this.#options.mode
  }

  /** Name of the machine that it belongs to; it may be lost, or still be about to start there. */
  get machine(): string {
    return this.#options.machine
  }

  /** @internal Its manager has learned that it belongs to another machine now. */
  moved(to: Pick<ShardingInstanceOptions, 'machine' | 'mode'>): void {
    this.#options = { ...this.#options, ...to }
  }

  /** True from the bot's ready() until it exits. */
  get running(): boolean {
    return this.#backend.isRunning(this.id)
  }

  /** The ChildProcess, Worker or cluster worker; undefined while down or on another machine. */
  get rawShard(): unknown {
    return this.#backend.raw(this.id)
  }

  /**
   * Starts an instance that is down; resolves when it is ready.
   *
   * `timeout` in ms replaces `startTimeoutMs` for this wait: when it passes, the promise rejects
   * with DM_INSTANCE_START_TIMEOUT and the instance goes on by the manager's own policy.
   */
  async create(options: { readonly timeout?: number } = {}): Promise<this> {
    await this.#backend.create(this.id, options.timeout)
    return this
  }

  /** Ends the instance and keeps it down until create(); resolves when its exit is confirmed. */
  async kill(): Promise<this> {
    await this.#backend.kill(this.id)
    return this
  }

  /** kill(), then create(). Also ends a crash loop. */
  async recreate(options: { readonly timeout?: number } = {}): Promise<this> {
    await this.#backend.recreate(this.id, options.timeout)
    return this
  }

  /** The same as recreate(): ends it, starts it again, ends a crash loop, resolves when ready. */
  restart(options: { readonly timeout?: number } = {}): Promise<this> {
    return this.recreate(options)
  }

  /** Sends a message to the instance; what cannot be delivered is reported as `undelivered`. */
  message(message: unknown): this {
    this.#backend.send(this.id, message)
    return this
  }

  /**
   * Evaluates a function or script in the instance, or in those that `options.instance` names.
   *
   * Resolves to one result per instance, in the order of their ids; rejects with the first failure.
   * `manager.evalSettled` gives every outcome instead.
   */
  async eval<R = unknown>(
    script: Evaluable<unknown>,
    options: InstanceEvalOptions = {},
  ): Promise<R[]> {
    const to = selectorTarget(options.instance ?? 'current', this.id)
    const results = await this.#backend.eval(script, to, options.context)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the caller knows what the code over there gives
    return results as R[]
  }
}

function selectorTarget(selector: InstanceSelector, own: number): Target {
  if (selector === 'all') return 'all'
  if (selector === 'current') return own
  if (typeof selector === 'number') return selector
  if (typeof selector === 'object' && selector !== null) return { instance: selector }
  throw new MachinesError('DM_TARGET_INVALID', `no instance selector: ${String(selector)}`, {
    allowed: "'all', 'current', an instance id, a list of them, or { from, to }",
  })
}
