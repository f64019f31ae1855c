/** The instances of a fleet that live now: launches them, hands things to them, tells what they say. */
import type { InstancePlan } from '../../allocator/plan-types.js'
import type { MachinesError } from '../../errors.js'
import { FleetLease } from './fleet-lease.js'
import type { FleetOptions } from './fleet-types.js'
import type {
  InstanceExit,
  KillSignal,
  LaunchedInstance,
  Launcher,
  LaunchSpec,
} from './launcher.js'
import { failedLaunch } from './launchers/failed-launch.js'
import { RunningInstance } from './running-instance.js'

const mebibyte = 1024 * 1024

/** What happens to an instance that its supervisor has to know. */
export interface LifeEvents {
  ready(instance: number): void
  startFailed(instance: number, error: MachinesError): void
  memory(instance: number, memoryMb: number): void
  channelLost(instance: number): void
  /** Comes once per launch, and last. */
  exited(instance: number, exit: InstanceExit): void
}

export class LiveInstances {
  readonly #launcher: Launcher
  readonly #options: FleetOptions
  readonly #events: LifeEvents
  readonly #lease: FleetLease
  readonly #running = new Map<number, RunningInstance>()
  /** Those that are neither ready nor gone yet. */
  readonly #starting = new Set<number>()

  constructor(launcher: Launcher, options: FleetOptions, events: LifeEvents) {
    this.#launcher = launcher
    this.#options = options
    this.#events = events
    this.#lease = new FleetLease(options.system, options.run)
  }

  launch(plan: InstancePlan): void {
    const { id } = plan
    const spec = this.#specOf(plan)
    const launched = this.#launched(spec)
    const events = this.#events
    const options = this.#options
    const running = new RunningInstance(launched, spec, options, {
      ready: () => {
        events.ready(id)
        this.#started(id)
      },
      startFailed: (error) => events.startFailed(id, error),
      gateway: (state) => options.onEvent({ type: 'gateway', instance: id, state }),
      memory: (bytes) => events.memory(id, Math.round(bytes / mebibyte)),
      envelope: (envelope) => options.onEnvelope(id, envelope),
      notTaken: (envelope) => options.onNotTaken(envelope),
      undelivered: (report) => options.onUndelivered(report),
      warning: (error) => options.onWarning(error),
      flushed: () => options.flushed?.() ?? Promise.resolve(),
      channelLost: () => events.channelLost(id),
      exited: (exit) => {
        this.#running.delete(id)
        this.#starting.delete(id)
        events.exited(id, exit)
      },
    })
    this.#running.set(id, running)
    this.#starting.add(id)
    if (this.#lease.notice) running.lease(this.#lease.notice)
    if (launched.raw === undefined) return
    options.onEvent({ type: 'spawned', instance: id, pid: launched.pid })
  }

  /** See Fleet.lease. */
  lease(until: number | undefined): void {
    if (!this.#lease.set(until)) return
    const { notice, killAt } = this.#lease
    this.#launcher.lease?.(killAt)
    for (const running of this.#running.values()) running.lease(notice)
  }

  askStop(instance: number, reason: string, timeoutMs: number): void {
    this.#running.get(instance)?.askStop(reason, timeoutMs)
  }

  kill(instance: number, signal: KillSignal): void {
    this.#running.get(instance)?.launched.kill(signal)
  }

  deliver(instance: number, envelope: Uint8Array): boolean {
    return this.#running.get(instance)?.deliver(envelope) ?? false
  }

  /** What its launcher made of it; undefined while it is down. */
  launchedAs(instance: number): LaunchedInstance | undefined {
    return this.#running.get(instance)?.launched
  }

  /** Frees what the launcher holds; nothing may live any more. */
  close(): Promise<void> {
    return this.#launcher.close()
  }

  /** Whoever waited for this one to be ready has been launched by now. */
  #started(instance: number): void {
    this.#starting.delete(instance)
    if (this.#starting.size === 0) this.#launcher.settled?.()
  }

  #launched(spec: LaunchSpec): LaunchedInstance {
    const { refusal } = this.#lease
    return refusal ? failedLaunch(spec, Promise.resolve(refusal)) : this.#launcher.launch(spec)
  }

  #specOf(plan: InstancePlan): LaunchSpec {
    const { totalShards, machine, callTimeoutMs, run, ipcIds } = this.#options
    const ids = { managerIpcId: ipcIds.manager, instanceIpcId: ipcIds.instance(plan.id) }
    return { ...plan, totalShards, machine, callTimeoutMs, run, ...ids }
  }
}
