/** Where this machine stands, and how that is told. */
import type { MachinesError } from '../../../errors.js'
import type { LinkHealth } from '../../../link/link.js'
import type { MachinePhase, MachineStatus, ModeEvent } from '../../mode.js'
import type { Running } from './child-workload.js'

export class ChildStatus {
  readonly #running: () => Running | undefined
  readonly #onEvent: (event: ModeEvent) => void
  #phase: MachinePhase = 'stopped'
  #error: MachinesError | undefined

  constructor(running: () => Running | undefined, onEvent: (event: ModeEvent) => void) {
    this.#running = running
    this.#onEvent = onEvent
  }

  get phase(): MachinePhase {
    return this.#phase
  }

  /** Without an assignment there is no machine that could be told of. */
  set(phase: MachinePhase, error?: MachinesError): void {
    if (phase === this.#phase && error === this.#error) return
    this.#phase = phase
    this.#error = error
    const machine = this.#running()?.assignment.machine
    if (machine === undefined) return
    this.#onEvent({ type: 'machine', machine, phase, ...(error ? { error } : {}) })
  }

  /** None before the first assignment, and after a stop. */
  machines(health: LinkHealth | undefined): readonly MachineStatus[] {
    const running = this.#running()
    if (!running) return []
    const { assignment, run, fleet } = running
    return [
      {
        name: assignment.machine,
        index: assignment.index,
        phase: this.#phase,
        mode: run.mode,
        pingMs: health?.pingMs,
        pingP50Ms: health?.pingP50Ms,
        pingP99Ms: health?.pingP99Ms,
        lagMs: health?.peerLagMs,
        error: this.#error,
        instances: fleet.status(),
      },
    ]
  }
}

/** Told to a returning parent in WELCOME, which is short: lists of shards follow after it. */
export function summaryOf({ assignment: { machine, totalShards }, fleet }: Running): {
  readonly machine: string
  readonly totalShards: number
  readonly instances: number
} {
  return { machine, totalShards, instances: fleet.status().length }
}
