/**
 * What a manager has instead of a launcher of processes: virtual instances on its host, and the
 * reaper that outlives it. The real ledger of the reaper decides whom it kills.
 */
import { limits } from '../../../src/limits.js'
import type { LaunchedInstance, Launcher, LaunchSpec } from '../../../src/modes/local/launcher.js'
import { LeaseWatch } from '../../../src/modes/local/reaper/lease-watch.js'
import {
  exitedLine,
  killAtLine,
  ReaperLedger,
  startedLine,
} from '../../../src/modes/local/reaper/reaper-ledger.js'
import type { OwnershipLedger } from './ownership-ledger.js'
import { type Behaviour, VirtualInstance } from './virtual-instances.js'
import type { VirtualProcess } from './virtual-process.js'

/** Nothing gives the same pid twice. */
const startTime = '1'

export class VirtualLauncher implements Launcher {
  readonly mode = 'processes'
  readonly #manager: VirtualProcess
  readonly #ledger: OwnershipLedger
  readonly #behaviour: () => Behaviour
  readonly #instances = new Map<number, VirtualInstance>()
  #reaper: VirtualReaper | undefined
  #killAt: number | undefined

  constructor(manager: VirtualProcess, ledger: OwnershipLedger, behaviour: () => Behaviour) {
    this.#manager = manager
    this.#ledger = ledger
    this.#behaviour = behaviour
  }

  launch(spec: LaunchSpec): LaunchedInstance {
    const { host } = this.#manager
    const pid = this.#ledger.nextPid()
    const instance = new VirtualInstance(host, this.#manager, spec, pid, this.#behaviour())
    const reaper = this.#startReaper()
    this.#instances.set(pid, instance)
    reaper.tell(startedLine(pid, startTime))
    instance.process.onDeath(() => this.#instances.delete(pid))
    void instance.exited.then(() => reaper.tell(exitedLine(pid)))
    this.#ledger.launched(instance)
    return instance
  }

  #startReaper(): VirtualReaper {
    if (this.#reaper !== undefined) return this.#reaper
    const reaper = new VirtualReaper(this.#manager, this.#instances)
    this.#reaper = reaper
    if (this.#killAt !== undefined) reaper.tell(killAtLine(this.#killAt))
    return reaper
  }

  lease(killAt: number | undefined): void {
    this.#killAt = killAt
    this.#reaper?.tell(killAtLine(killAt))
  }

  close(): Promise<void> {
    this.#reaper?.close()
    return Promise.resolve()
  }
}

/** A process of its own, which nobody suspends: it ends what a dead or suspended manager cannot. */
class VirtualReaper {
  readonly #process: VirtualProcess
  readonly #ledger = new ReaperLedger()
  readonly #watch: LeaseWatch
  readonly #instances: ReadonlyMap<number, VirtualInstance>

  constructor(manager: VirtualProcess, instances: ReadonlyMap<number, VirtualInstance>) {
    const process = manager.host.spawn(`reaper of ${manager.name}`)
    this.#process = process
    this.#instances = instances
    this.#watch = new LeaseWatch(this.#ledger, {
      system: process,
      startTimeOf: (pid) => this.#startTimeOf(pid),
      afterTurn: (action) => process.afterTurn(action),
      kill: (pid) => this.#kill(pid),
    })
    manager.onDeath((death) => {
      if (death !== 'power') process.post(() => this.#managerGone())
    })
  }

  /** What the manager writes is in the pipe at once, whatever becomes of the manager. */
  tell(line: string): void {
    this.#process.post(() => {
      this.#ledger.feed(line)
      this.#watch.changed()
    })
  }

  close(): void {
    this.#process.die('exit')
  }

  #managerGone(): void {
    this.#process.setTimer(limits.reaperGraceMs, () => {
      for (const pid of this.#ledger.survivors((one) => this.#startTimeOf(one))) this.#kill(pid)
      this.#process.die('exit')
    })
  }

  #startTimeOf(pid: number): string | undefined {
    return this.#instances.has(pid) ? startTime : undefined
  }

  #kill(pid: number): void {
    this.#instances.get(pid)?.process.die('kill')
  }
}
