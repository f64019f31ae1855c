/**
 * The public manager: one class, four modes. It owns what all modes share: options, collections,
 * events, signals, start and stop.
 */
import { Collection } from '@discordjs/collection'
import { type ErrorCode, MachinesError, toError } from './errors.js'
import { InstanceRegistry } from './instance-registry.js'
import { IpcIds } from './instances/ipc-ids.js'
import type { InstanceBackend, ShardingInstance } from './instances/sharding-instance.js'
import { refuseSpawnLoop } from './instances/spawn-loop.js'
import { limits } from './limits.js'
import type { ManagerIdentity } from './link/identity.js'
import { MachineChanges, type MoveOptions, type RemoveOptions } from './machine-changes.js'
import type { ShardingManagerEvents } from './manager-events.js'
import type { ShardingManagerInternals } from './manager-internals.js'
import { ManagerLife } from './manager-life.js'
import { createMode } from './modes/create-mode.js'
import type { InstancePhase } from './modes/local/fleet-types.js'
import type { MovePlan } from './modes/machine-control.js'
import type { Mail } from './modes/mail.js'
import type { MachineStatus, ManagerMode, ModeEvent } from './modes/mode.js'
import type { ShardingMachineOptions } from './options/machines-options.js'
import type { ShardingManagerOptions } from './options/options.js'
import { processEnvironment } from './options/options-environment.js'
import { resolveOptions } from './options/resolve-options.js'
import type { ResolvedOptions } from './options/resolved-options.js'
import { shownOptions } from './options/shown-options.js'
import { ownInstances } from './own-instances.js'
import { type PublishContext, publishModeEvent } from './publish-mode-event.js'
import { type RespawnAllOptions, respawnAllDefaults } from './respawn-all.js'
import { type Emergency, RestLimits } from './rest-limits.js'
import type { RestartOptions } from './restart-options.js'
import { Restarts } from './restarts.js'
import type { EvalContext, Evaluable } from './routing/calls.js'
import type { CallOptions, EvalOptions, Outcome, SendOptions } from './routing/outcome.js'
import { asOwn } from './routing/respond.js'
import type { Target } from './routing/target.js'
import { deadline, realSystem } from './system/system.js'
import { TypedEvents } from './system/typed-events.js'

/**
 * Runs a bot as processes, workers or clusters on this machine, or on many machines.
 *
 * Takes the place of discordoo's `ShardingManager`. Options are checked at construction; every
 * fault is a MachinesError with a code and the path of the option. Throws DM_SPAWN_LOOP inside an
 * instance that a manager started.
 */
export class ShardingManager extends TypedEvents<ShardingManagerEvents> {
  /** `processes`, `workers`, `clusters` or `machines`. */
  readonly mode: ShardingManagerOptions['mode']
  /** The options as they were given, without `machines.secret`. */
  readonly options: ShardingManagerOptions
  /** Instance id to its handle; over all machines on a parent, its own on a child. */
  readonly instances: Collection<number, ShardingInstance<ShardingManager>>
  /** Shard id to the handle of the instance that serves it. */
  readonly shards: Collection<number, ShardingInstance<ShardingManager>>
  readonly #id: string
  readonly #mode: ManagerMode
  readonly #registry: InstanceRegistry<ShardingManager>
  readonly #life: ManagerLife
  readonly #rest = new RestLimits()
  readonly #restarts: Restarts
  readonly #changes: MachineChanges
  /** One for all events: every envelope of a bot is one. */
  readonly #lookUp: PublishContext = {
    instance: (id) => this.instances.get(id),
    machine: (name) => this.#mode.machine(name),
  }

  constructor(options: ShardingManagerOptions) {
    super()
    refuseSpawnLoop(processEnvironment().env)
    const resolved = resolveOptions(options, processEnvironment())
    const ids = new IpcIds(realSystem)
    this.#id = ids.manager
    this.mode = options.mode
    this.options = shownOptions(options)
    this.#mode = createMode(resolved, realSystem, (event) => this.#onModeEvent(event), ids)
    this.#registry = new InstanceRegistry<ShardingManager>(this, this.#backend(), {
      file: resolved.kind === 'local' ? resolved.run.file : undefined,
      totalShards: () => this.#mode.totalShards(),
      ipcId: (instance) => ids.instance(instance),
    })
    this.instances = this.#registry.instances
    this.shards = this.#registry.shards
    this.#life = this.#createLife(resolved)
    this.#restarts = this.#createRestarts()
    this.#changes = new MachineChanges(this.#mode.control, realSystem)
    this.#syncInstances()
  }

  /** Ids and counters under the names of discordoo's manager. */
  get internals(): ShardingManagerInternals {
    const shards = [...this.shards.keys()].toSorted((a, b) => a - b)
    return { id: this.#id, shards, rest: this.#rest.view(realSystem.wallClock()) }
  }

  /** Machine name to its state, ping and instances; a fresh copy at every call. */
  get machines(): Collection<string, MachineStatus> {
    return new Collection(this.#mode.machines().map((machine) => [machine.name, machine]))
  }

  /** Where a child listens, with the real port when `networkPort` is 0; else undefined. */
  get address(): { readonly host: string; readonly port: number } | undefined {
    return this.#mode.address()
  }

  /**
   * How other managers know this one: `{ key, fingerprint }`, both public. `key` is what the other
   * side names in `machines.trustedKeys`. Undefined before start() has read it, and in local modes.
   */
  get identity(): ManagerIdentity | undefined {
    return this.#mode.identity()
  }

  /**
   * Error code to the number of connections that this child has refused with it since it listens;
   * a fresh copy at every call, empty on other managers. Unlike the event, it counts each of them.
   */
  get refusals(): Collection<ErrorCode, number> {
    return new Collection(this.#mode.refusals())
  }

  /**
   * Forgets the key of a peer that was trusted on first use, so that it may come with another one.
   *
   * On a parent `name` is that of a machine, on a child it is `parent` (default). The next attempt
   * counts, at once or within half a minute. Returns false when no key was remembered. Throws
   * DM_STATE before start(), DM_TARGET_UNKNOWN for a name that does not exist, DM_STATE_DIR when the
   * file cannot be read, and DM_NOT_IN_THIS_MODE in local modes.
   */
  forgetPeer(name = 'parent'): boolean {
    return this.#mode.forgetPeer(name)
  }

  /**
   * Starts everything.
   *
   * A child resolves when it listens; a parent when every shard on every machine runs; a local mode
   * when every instance is ready. Rejects with DM_START_FAILED once everything has either started
   * or failed for good (`failures` says which and why; what started runs on), with DM_START_ABORTED
   * when stop() is called meanwhile, once that is done, and with DM_STATE when it was called before.
   */
  async start(): Promise<this> {
    await this.#life.start()
    return this
  }

  /**
   * Stops everything: bots say goodbye, instances end, links close; resolves when all exits are
   * confirmed. On a parent that means every machine; children stand by for the next parent unless
   * their `whenParentStops` is `'exit'`. May be called during start(), and more than once; after
   * detach() it has nothing left to stop.
   */
  async stop(reason = 'stop() was called'): Promise<void> {
    await this.#life.stop(reason)
  }

  /** Closes the links and leaves the bots running. Only for a parent: else DM_NOT_IN_THIS_MODE. */
  async detach(): Promise<void> {
    await this.#life.detach()
  }

  /**
   * Sends a message to instances (default: all), which get it as their `message` event.
   *
   * Returns the id that an `undelivered` report would name.
   */
  send(message: unknown, options?: SendOptions): number {
    return this.#mode.calls.send(message, options)
  }

  /**
   * Resolves when what was sent has left so far that as much again fits: at most a quarter of
   * `machines.link.bufferBytesMax` waits on each link. For whoever sends in bursts:
   * `manager.send(message); await manager.flushed()`. Never rejects; what is lost meanwhile is
   * reported by `undelivered`, as ever. In local modes, where no network is slow, at once.
   */
  flushed(): Promise<void> {
    return this.#mode.flushed()
  }

  /**
   * Evaluates a function or script in instances and resolves to one result each, by instance id.
   *
   * The first failure rejects; use {@link evalSettled} to get every outcome.
   */
  eval<R = unknown, C extends object = EvalContext>(
    script: Evaluable<R, C>,
    options?: EvalOptions,
  ): Promise<R[]> {
    return this.#mode.calls.eval<R, C>(script, options)
  }

  /** Like eval, but resolves to every instance's outcome: ok, error, timeout or offline. */
  evalSettled<R = unknown, C extends object = EvalContext>(
    script: Evaluable<R, C>,
    options?: EvalOptions,
  ): Promise<Outcome<R>[]> {
    return this.#mode.calls.evalSettled<R, C>(script, options)
  }

  /** Calls the handler that bots registered under `name`; the first failure rejects. */
  request<R = unknown>(name: string, payload?: unknown, options?: CallOptions): Promise<R[]> {
    return this.#mode.calls.request<R>(name, payload, options)
  }

  /** Like request, but resolves to every instance's outcome. */
  requestSettled<R = unknown>(
    name: string,
    payload?: unknown,
    options?: CallOptions,
  ): Promise<Outcome<R>[]> {
    return this.#mode.calls.requestSettled<R>(name, payload, options)
  }

  /**
   * Restarts instances a few at a time, each when the one before it is ready: a deploy during which
   * the bot goes on serving. On a parent over all machines, on a child its own, in a local mode all.
   *
   * `concurrency` (default 1) instances are down at one time; `delayMs` (default 0) is the pause after
   * each; `timeoutMs` bounds the end and start of one (default: killTimeoutMs, startTimeoutMs and the
   * respawn policy of its machine); `to` picks instances (default: all, those that are down or in a
   * crash loop included). Stops at the first that fails: what was not begun is left alone, what is
   * under way is waited for, and the promise rejects with the first error (`instance` names it). So it
   * does when stop() is called meanwhile. Rejects with DM_STATE until start() has ended and while another
   * restart() or respawnAll() goes on, with DM_OPTION_VALUE, DM_TARGET_INVALID and DM_TARGET_UNKNOWN.
   */
  async restart(options: RestartOptions = {}): Promise<void> {
    this.#life.refuseBeforeStart('restart')
    await this.#restarts.restart(options)
  }

  /**
   * Restarts every instance of every machine, one after the other; resolves when all are ready.
   *
   * For whoever comes from discord.js: {@link restart} says more and waits less. Stops at the first
   * that does not come back and rejects with its error (DM_INSTANCE_START_TIMEOUT and others). While
   * it goes on, another call waits for the same; during a restart() it is DM_STATE. On a child: its
   * own instances.
   */
  respawnAll(options: RespawnAllOptions = {}): Promise<void> {
    return this.#restarts.respawnAll({ ...respawnAllDefaults, ...options })
  }

  /**
   * Adds a machine to a running bot, on a parent; returns its name.
   *
   * `point` is as in `machines.points`, without shards: it is dialled at once and stands by, until a
   * machine is lost (`onMachineLost: 'reassign'`), drained or removed, or a {@link plan} gives it
   * its share. A parent that is started anew knows the points of its options alone, so write it
   * there as well. Throws as options do, with paths that begin with `point`; DM_STATE before start()
   * and after stop(); DM_NOT_IN_THIS_MODE.
   */
  addPoint(point: ShardingMachineOptions): string {
    return this.#changes.addPoint(point)
  }

  /**
   * What {@link apply} would move so that loads follow the weights of the machines (`weight`; default:
   * the number of shards that the options gave them), with as few shards moved as possible. Shards
   * that ran elsewhere because their machine was lost go home by it. Changes nothing. Throws DM_STATE
   * and DM_NOT_IN_THIS_MODE, as the other methods about machines do.
   */
  plan(): MovePlan {
    return this.#changes.plan()
  }

  /**
   * Carries a {@link plan} out, a few instances at a time, each when the one before it is ready in its
   * new place: `concurrency` (default 1), `delayMs` and `timeoutMs` as in {@link restart}. Stops at the
   * first that fails, and rejects with its error; what was not begun stays where it is. Rejects with
   * DM_PLAN_STALE when something has changed since, and with DM_STATE while another change goes on.
   */
  async apply(plan: MovePlan, options: MoveOptions = {}): Promise<void> {
    await this.#changes.apply(plan, options)
  }

  /**
   * Empties a machine, for an update of its system: its instances move to those with most room, as in
   * {@link apply}, and nothing comes to it until {@link undrain} or the next start of this parent.
   * Rejects with DM_NO_ROOM (then nothing has changed), with DM_OFFLINE for a machine out of reach,
   * and with DM_TARGET_UNKNOWN.
   */
  async drain(machine: string, options: MoveOptions = {}): Promise<void> {
    await this.#changes.drain(machine, options)
  }

  /** The machine may take shards again; `plan()` then says which. Throws DM_TARGET_UNKNOWN. */
  undrain(machine: string): void {
    this.#changes.undrain(machine)
  }

  /**
   * Takes a machine out of a running bot: empties it as {@link drain} does, and closes its link. A
   * machine that cannot be reached is only removed with `isDown: true`, by which you say that nothing
   * runs there: then its shards start elsewhere at once. Rejects as drain() does, and with DM_STATE
   * when a machine that is said to be down is linked.
   */
  async removePoint(machine: string, options: RemoveOptions = {}): Promise<void> {
    await this.#changes.removePoint(machine, options)
  }

  #createRestarts(): Restarts {
    const instances = (to: Target) => ownInstances(this.instances.values(), to)
    return new Restarts({ ...this.#backend(), instances }, realSystem)
  }

  #createLife({ signals }: ResolvedOptions): ManagerLife {
    return new ManagerLife(this.#mode, signals, realSystem, {
      ready: () => this.emit('ready'),
      stopped: () => this.emit('stop'),
    })
  }

  #onModeEvent(event: ModeEvent): void {
    if (event.type === 'instances') this.#syncInstances()
    if (event.type === 'dismissed') this.#stopAfterParent()
    if (event.type === 'mail') this.#onMail(event.mail)
    try {
      publishModeEvent(this, event, this.#lookUp)
    } catch (error) {
      // A listener threw. That is an uncaught exception, as with any emitter, but it must not cut
      // short what the mode is doing, nor be taken for a fault of a machine or a bot.
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #onMail(mail: Mail): void {
    const now = realSystem.wallClock()
    switch (mail.type) {
      case 'respawn-all':
        this.#restarts
          .respawnAll(mail.times)
          .catch((error: unknown) => this.#onModeEvent({ type: 'warning', error: asOwn(error) }))
        break
      case 'rest-sync':
        this.#alarm(this.#rest.sync(mail.success, now))
        break
      case 'emergency':
        this.#alarm(this.#rest.emergency(mail.kind, mail.blockUntil, now))
        break
      case 'message':
        break
    }
  }

  #alarm(emergency: Emergency | undefined): void {
    if (emergency) this.#mode.tell({ dialect: 'discordoo', op: 'emergency', ...emergency })
  }

  #stopAfterParent(): void {
    this.#life.stop('the parent stopped').catch((cause: unknown) => {
      const message = `the stop after that of the parent failed: ${toError(cause).message}`
      const error = new MachinesError('DM_INTERNAL', message, { cause })
      this.#onModeEvent({ type: 'warning', error })
    })
  }

  #syncInstances(): void {
    this.#registry.update(this.#mode.machines())
  }

  #phaseOf(instance: number): InstancePhase | undefined {
    const machine = this.instances.get(instance)?.machine
    const status = machine === undefined ? undefined : this.#mode.machine(machine)
    return status?.instances.find(({ id }) => id === instance)?.phase
  }

  #backend(): InstanceBackend {
    return {
      isRunning: (id) => this.#phaseOf(id) === 'ready',
      raw: (id) => this.#mode.raw(id),
      create: (id, timeoutMs) => within(() => this.#mode.create(id), id, timeoutMs),
      kill: (id) => this.#mode.kill(id),
      recreate: (id, timeoutMs) => within(() => this.#mode.recreate(id), id, timeoutMs),
      send: (id, message) => this.#mode.calls.send(message, { to: id }),
      eval: (script, to, context) =>
        this.#mode.calls.eval(script, { to, ...(context ? { context } : {}) }),
    }
  }
}

/** Waits for the start of an instance, no longer than the caller wants to. */
async function within(
  work: () => Promise<void>,
  instance: number,
  timeoutMs: number | undefined,
): Promise<void> {
  if (timeoutMs === undefined) return work()
  if (!(timeoutMs >= 0 && timeoutMs <= limits.timeoutMsMax)) throw badTimeout(timeoutMs)
  return deadline(realSystem, work(), timeoutMs, () => startTimeout(instance, timeoutMs))
}

function badTimeout(timeoutMs: number): MachinesError {
  const allowed = `a number of ms from 0 to ${limits.timeoutMsMax}`
  const given = String(timeoutMs).slice(0, 40)
  const message = `timeout: ${given}; allowed: ${allowed}`
  return new MachinesError('DM_OPTION_VALUE', message, { path: 'timeout', given, allowed })
}

function startTimeout(instance: number, timeoutMs: number): MachinesError {
  const message = `instance ${instance} was not ready within ${timeoutMs} ms`
  return new MachinesError('DM_INSTANCE_START_TIMEOUT', message, { instance })
}
