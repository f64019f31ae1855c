/** The instances of one machine: carries out what the supervisor decides. */
import type { InstancePlan } from '../../allocator/plan-types.js'
import { MachinesError } from '../../errors.js'
import type { Cancel } from '../../system/system.js'
import type { Fleet, FleetOptions, InstanceStatus } from './fleet-types.js'
import type { SupervisorAction } from './instance-cycle.js'
import type { Launcher } from './launcher.js'
import { type LifeEvents, LiveInstances } from './live-instances.js'
import { startFailure } from './start-outcome.js'
import { Supervisor } from './supervisor.js'
import { Waiters } from './waiters.js'

/** Longest delay that timers take. */
const timerMsMax = 2 ** 31 - 1

/** A fleet that is not started yet. It takes over the launcher. */
export function createFleet(launcher: Launcher, options: FleetOptions): Fleet {
  return new LocalFleet(launcher, options)
}

class LocalFleet implements Fleet {
  readonly #options: FleetOptions
  #plans: Map<number, InstancePlan>
  readonly #supervisor: Supervisor
  readonly #live: LiveInstances
  readonly #starts = new Waiters()
  readonly #ends = new Waiters()
  /** For those that nobody wants back: stopped with the fleet, or removed. */
  readonly #goings = new Waiters()
  readonly #actions: SupervisorAction[] = []
  #applying = false
  #cancelTimer: Cancel = () => {}
  #letGo: Cancel = () => {}
  #started = false
  #stopped: Promise<void> | undefined

  constructor(launcher: Launcher, options: FleetOptions) {
    this.#options = options
    this.#plans = byId(options.instances)
    const random = (): number => options.system.random()
    const { run, totalShards } = options
    this.#supervisor = new Supervisor(options.instances, { ...run, totalShards, random })
    this.#live = new LiveInstances(launcher, options, this.#lifeEvents())
  }

  async start(): Promise<void> {
    if (this.#started) throw new MachinesError('DM_STATE', 'the instances were started already')
    this.#started = true
    this.#refuseWhenStopped()
    this.#letGo = this.#options.system.keepAlive()
    await this.#startEach([...this.#plans.keys()])
  }

  stop(reason: string): Promise<void> {
    this.#stopped ??= this.#stopAll(reason)
    return this.#stopped
  }

  async add(plans: readonly InstancePlan[]): Promise<void> {
    this.#refuseWhenStopped()
    if (!this.#started) throw new MachinesError('DM_STATE', 'the instances were not started yet')
    if (plans.length === 0) return
    this.#supervisor.add(plans, this.#now())
    const all = [...this.#plans.values(), ...plans]
    this.#plans = byId(all.toSorted((a, b) => a.id - b.id))
    this.#options.onInstancesChanged?.()
    await this.#startEach(plans.map(({ id }) => id))
  }

  async remove(ids: readonly number[], reason: string): Promise<void> {
    const here = [...new Set(ids)].filter((id) => this.#plans.has(id))
    if (here.length === 0) return
    const gone = here.map((id) => this.#goings.wait(id))
    this.#apply(this.#supervisor.remove(here, reason, this.#now()))
    await Promise.all(gone)
    this.#options.onInstancesChanged?.()
  }

  lease(until: number | undefined): void {
    this.#live.lease(until)
  }

  async kill(instance: number): Promise<void> {
    const actions = this.#supervisor.stop(instance, 'kill', this.#now())
    const ended = this.#ends.wait(instance)
    this.#apply(actions)
    await ended
  }

  async create(instance: number): Promise<void> {
    this.#refuseWhenStopped()
    const actions = this.#supervisor.create(instance, this.#now())
    const started = this.#starts.wait(instance)
    this.#apply(actions)
    await started
  }

  async recreate(instance: number): Promise<void> {
    const plan = this.#plans.get(instance)
    await this.kill(instance)
    if (this.#plans.get(instance) === plan) return this.create(instance)
    const message = `instance ${instance} was removed while it was being restarted`
    throw new MachinesError('DM_START_ABORTED', message, { instance })
  }

  deliver(instance: number, envelope: Uint8Array): boolean {
    return this.#live.deliver(instance, envelope)
  }

  status(): readonly InstanceStatus[] {
    return [...this.#plans.values()].map((plan) => {
      const { phase, respawns, memoryMb, isHeld } = this.#supervisor.view(plan.id)
      const pid = this.#live.launchedAs(plan.id)?.pid
      return { ...plan, phase, respawns, memoryMb, isHeld, pid }
    })
  }

  raw(instance: number): unknown {
    return this.#live.launchedAs(instance)?.raw
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

  async #startEach(ids: readonly number[]): Promise<void> {
    const starts = ids.map((id) =>
      this.create(id).then(
        () => ({ id, error: undefined }),
        (error: unknown) => ({ id, error }),
      ),
    )
    const failure = startFailure(
      this.#options.machine,
      await Promise.all(starts),
      (id) => this.#stopped === undefined && this.#supervisor.isStaying(id),
    )
    if (failure) throw failure
  }

  async #stopAll(reason: string): Promise<void> {
    const gone = [...this.#plans.keys()].map((id) => this.#goings.wait(id))
    this.#apply(this.#supervisor.stopAll(reason, this.#now()))
    await Promise.all(gone)
    this.#cancelTimer()
    await this.#live.close()
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
        this.#live.askStop(action.instance, action.reason, action.timeoutMs)
        return
      case 'kill':
        this.#live.kill(action.instance, action.signal)
        return
      case 'emit':
        this.#options.onEvent(action.event)
        return
      case 'start-settled':
        this.#starts.settle(action.instance, action.error)
        return
      case 'down':
        this.#ends.settle(action.instance)
        this.#goneFor(action.instance)
    }
  }

  #launch(id: number): void {
    const plan = this.#plans.get(id)
    if (plan) this.#live.launch(plan)
  }

  /** When this end was decided another launch may have been too: then that one's end is the last. */
  #goneFor(id: number): void {
    if (!this.#supervisor.isDown(id)) return
    if (this.#supervisor.forget(id)) this.#plans.delete(id)
    this.#goings.settle(id)
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

  #lifeEvents(): LifeEvents {
    const supervisor = this.#supervisor
    return {
      ready: (id) => this.#apply(supervisor.ready(id, this.#now())),
      startFailed: (id, error) => this.#apply(supervisor.startFailed(id, error, this.#now())),
      memory: (id, memoryMb) => this.#apply(supervisor.memory(id, memoryMb, this.#now())),
      channelLost: (id) => this.#apply(supervisor.channelLost(id, this.#now())),
      exited: (id, exit) => this.#apply(supervisor.exited(id, exit, this.#now())),
    }
  }
}

function byId(plans: readonly InstancePlan[]): Map<number, InstancePlan> {
  return new Map(plans.map((plan) => [plan.id, plan]))
}
