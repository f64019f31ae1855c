/** The instances of one machine: carries out what the supervisor decides. */
import type { InstancePlan } from '../../allocator/plan-types.js'
import { MachinesError, toError } from '../../errors.js'
import type { Cancel } from '../../system/system.js'
import type { Fleet, FleetOptions, InstanceStatus } from './fleet-types.js'
import type { SupervisorAction } from './instance-cycle.js'
import type { Launcher, LaunchSpec } from './launcher.js'
import { RunningInstance } from './running-instance.js'
import { Supervisor } from './supervisor.js'
import { Waiters } from './waiters.js'

const mebibyte = 1024 * 1024

/** Longest delay that timers take. */
const timerMsMax = 2 ** 31 - 1

/** A fleet that is not started yet. It takes over the launcher. */
export function createFleet(launcher: Launcher, options: FleetOptions): Fleet {
  return new LocalFleet(launcher, options)
}

class LocalFleet implements Fleet {
  readonly #launcher: Launcher
  readonly #options: FleetOptions
  readonly #plans: ReadonlyMap<number, InstancePlan>
  readonly #supervisor: Supervisor
  readonly #running = new Map<number, RunningInstance>()
  readonly #starts = new Waiters()
  readonly #ends = new Waiters()
  readonly #actions: SupervisorAction[] = []
  #applying = false
  #cancelTimer: Cancel = () => {}
  #letGo: Cancel = () => {}
  #started = false
  #stopped: Promise<void> | undefined

  constructor(launcher: Launcher, options: FleetOptions) {
    this.#launcher = launcher
    this.#options = options
    this.#plans = new Map(options.instances.map((plan) => [plan.id, plan]))
    const random = (): number => options.system.random()
    const { run, totalShards } = options
    this.#supervisor = new Supervisor(options.instances, { ...run, totalShards, random })
  }

  async start(): Promise<void> {
    if (this.#started) throw new MachinesError('DM_STATE', 'the instances were started already')
    this.#started = true
    this.#refuseWhenStopped()
    this.#letGo = this.#options.system.keepAlive()
    const starts = [...this.#plans.keys()].map((id) => this.create(id))
    const outcomes = await Promise.allSettled(starts)
    const failures = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [toError(outcome.reason)] : [],
    )
    if (failures.length === 0) return
    if (this.#stopped !== undefined) {
      throw new MachinesError('DM_START_ABORTED', 'the instances were stopped while starting')
    }
    throw new MachinesError(
      'DM_START_FAILED',
      `${failures.length} of ${starts.length} instances of ${this.#options.machine} did not start`,
      { failures, machine: this.#options.machine },
    )
  }

  stop(reason: string): Promise<void> {
    this.#stopped ??= this.#stopAll(reason)
    return this.#stopped
  }

  async kill(instance: number): Promise<void> {
    const { id } = this.#supervisor.view(instance)
    const ended = this.#ends.wait(id)
    this.#apply(this.#supervisor.stop(id, 'kill', this.#now()))
    await ended
  }

  async create(instance: number): Promise<void> {
    const { id } = this.#supervisor.view(instance)
    this.#refuseWhenStopped()
    const started = this.#starts.wait(id)
    this.#apply(this.#supervisor.create(id, this.#now()))
    await started
  }

  async recreate(instance: number): Promise<void> {
    await this.kill(instance)
    await this.create(instance)
  }

  deliver(instance: number, envelope: Uint8Array): boolean {
    return this.#running.get(instance)?.deliver(envelope) ?? false
  }

  status(): readonly InstanceStatus[] {
    return this.#options.instances.map((plan) => {
      const { phase, respawns, memoryMb, isHeld } = this.#supervisor.view(plan.id)
      return {
        ...plan,
        phase,
        respawns,
        memoryMb,
        isHeld,
        pid: this.#running.get(plan.id)?.launched.pid,
      }
    })
  }

  raw(instance: number): unknown {
    return this.#running.get(instance)?.launched.raw
  }

  #now(): number {
    return this.#options.system.now()
  }

  #refuseWhenStopped(): void {
    if (this.#stopped === undefined) return
    throw new MachinesError('DM_STOPPED', 'the instances were stopped', {
      machine: this.#options.machine,
    })
  }

  async #stopAll(reason: string): Promise<void> {
    const ended = [...this.#plans.keys()].map((id) => this.#ends.wait(id))
    this.#apply(this.#supervisor.stopAll(reason, this.#now()))
    await Promise.all(ended)
    this.#cancelTimer()
    await this.#launcher.close()
    this.#letGo()
  }

  /**
   * Carries actions out in the order they were decided. A listener may call the fleet again while
   * they are: what follows from that has its turn afterwards.
   */
  #apply(actions: readonly SupervisorAction[]): void {
    this.#actions.push(...actions)
    if (this.#applying) return
    this.#applying = true
    try {
      for (let next = this.#actions.shift(); next !== undefined; next = this.#actions.shift()) {
        this.#carryOut(next)
      }
    } finally {
      // A listener that throws must not end the supervision.
      this.#applying = false
      this.#setTimer()
    }
  }

  #carryOut(action: SupervisorAction): void {
    switch (action.type) {
      case 'launch':
        this.#launch(action.instance)
        return
      case 'ask-stop':
        this.#running.get(action.instance)?.askStop(action.reason, action.timeoutMs)
        return
      case 'kill':
        this.#running.get(action.instance)?.launched.kill(action.signal)
        return
      case 'emit':
        this.#options.onEvent(action.event)
        return
      case 'start-settled':
        this.#starts.settle(action.instance, action.error)
        return
      case 'down':
        this.#ends.settle(action.instance)
    }
  }

  #setTimer(): void {
    this.#cancelTimer()
    const deadline = this.#supervisor.deadline()
    if (deadline === undefined) return
    // Looking too early does no harm; a timer above the maximum would fire at once, over and over.
    const delayMs = Math.min(Math.max(0, Math.ceil(deadline - this.#now())), timerMsMax)
    this.#cancelTimer = this.#options.system.setTimer(delayMs, () =>
      this.#apply(this.#supervisor.tick(this.#now())),
    )
  }

  #specOf(plan: InstancePlan): LaunchSpec {
    const { totalShards, machine, callTimeoutMs, run, ipcIds } = this.#options
    const ids = { managerIpcId: ipcIds.manager, instanceIpcId: ipcIds.instance(plan.id) }
    return { ...plan, totalShards, machine, callTimeoutMs, run, ...ids }
  }

  #launch(id: number): void {
    const plan = this.#plans.get(id)
    if (plan === undefined) return
    const spec = this.#specOf(plan)
    const launched = this.#launcher.launch(spec)
    const running = new RunningInstance(launched, spec, this.#options, {
      ready: () => this.#apply(this.#supervisor.ready(id, this.#now())),
      startFailed: (error) => this.#apply(this.#supervisor.startFailed(id, error, this.#now())),
      gateway: (state) => this.#options.onEvent({ type: 'gateway', instance: id, state }),
      memory: (bytes) => {
        const memoryMb = Math.round(bytes / mebibyte)
        this.#apply(this.#supervisor.memory(id, memoryMb, this.#now()))
      },
      envelope: (envelope) => this.#options.onEnvelope(id, envelope),
      notTaken: (envelope) => this.#options.onNotTaken(envelope),
      undelivered: (report) => this.#options.onUndelivered(report),
      warning: (error) => this.#options.onWarning(error),
      flushed: () => this.#options.flushed?.() ?? Promise.resolve(),
      channelLost: () => this.#apply(this.#supervisor.channelLost(id, this.#now())),
      exited: (exit) => {
        this.#running.delete(id)
        this.#apply(this.#supervisor.exited(id, exit, this.#now()))
      },
    })
    this.#running.set(id, running)
    if (launched.raw === undefined) return
    this.#options.onEvent({ type: 'spawned', instance: id, pid: launched.pid })
  }
}
