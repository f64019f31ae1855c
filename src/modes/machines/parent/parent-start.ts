/**
 * The start() of a parent: waits until every machine is ready or has failed, but for none longer
 * than `dialTimeoutMs` while it cannot be reached.
 */
import { MachinesError } from '../../../errors.js'
import type { Cancel, System } from '../../../system/system.js'
import type { MachinePhase } from '../../mode.js'
import { StartTracker } from './start-tracker.js'

interface Settle {
  resolve(): void
  reject(error: MachinesError): void
}

export class ParentStart {
  readonly #system: System
  /** 0: for ever. */
  readonly #dialTimeoutMs: number
  readonly #machines: readonly string[]
  readonly #tracker: StartTracker
  readonly #timers: Map<string, Cancel> = new Map()
  #settle: Settle | undefined

  constructor(machines: readonly string[], dialTimeoutMs: number, system: System) {
    this.#machines = machines
    this.#dialTimeoutMs = dialTimeoutMs
    this.#system = system
    this.#tracker = new StartTracker(machines)
  }

  /** To be called before the first phase is told. Rejects with DM_START_FAILED or what abort() says. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      for (const machine of this.#machines) this.#limitWait(machine)
    })
  }

  /** A machine has entered another phase. */
  entered(machine: string, phase: MachinePhase, error?: MachinesError): void {
    if (phase === 'ready') this.#tell(machine)
    else if (phase === 'failed') this.#tell(machine, error)
    else if (phase === 'starting') this.#cancelWait(machine)
    else this.#limitWait(machine)
  }

  /** Does nothing once the start is over. */
  abort(reason: MachinesError): void {
    this.#end()?.reject(reason)
  }

  #tell(machine: string, error?: MachinesError): void {
    this.#cancelWait(machine)
    const result = this.#tracker.settle(machine, error)
    if (result?.ok) this.#end()?.resolve()
    else if (result) this.#end()?.reject(result.error)
  }

  #limitWait(machine: string): void {
    const isWaiting = this.#settle !== undefined && this.#tracker.waitsFor(machine)
    if (this.#dialTimeoutMs === 0 || !isWaiting || this.#timers.has(machine)) return
    const giveUp = () => this.#tell(machine, dialTimeout(machine, this.#dialTimeoutMs))
    this.#timers.set(machine, this.#system.setTimer(this.#dialTimeoutMs, giveUp))
  }

  #cancelWait(machine: string): void {
    this.#timers.get(machine)?.()
    this.#timers.delete(machine)
  }

  #end(): Settle | undefined {
    const settle = this.#settle
    this.#settle = undefined
    for (const machine of this.#timers.keys()) this.#cancelWait(machine)
    return settle
  }
}

function dialTimeout(machine: string, timeoutMs: number): MachinesError {
  const message = `${machine} could not be reached within ${timeoutMs} ms`
  return new MachinesError('DM_DIAL_TIMEOUT', message, { machine })
}
