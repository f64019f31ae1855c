/** How long the instances of a fleet may run, as each of those concerned is told. */
import { MachinesError } from '../../errors.js'
import type { LeaseNotice } from '../../instances/channel/lease-notice.js'
import type { RunOptions } from '../../options/resolved-options.js'
import type { System } from '../../system/system.js'

export class FleetLease {
  readonly #system: Pick<System, 'machineTime'>
  readonly #run: Pick<RunOptions, 'killTimeoutMs'>
  #until: number | undefined

  constructor(system: Pick<System, 'machineTime'>, run: Pick<RunOptions, 'killTimeoutMs'>) {
    this.#system = system
    this.#run = run
  }

  /** False when it is the same as before. */
  set(until: number | undefined): boolean {
    if (until === this.#until) return false
    this.#until = until
    return true
  }

  /** For instances; null: no lease. */
  get notice(): LeaseNotice | null {
    if (this.#until === undefined) return null
    return { until: this.#until, goodbyeMs: this.#run.killTimeoutMs }
  }

  /** For the launcher: when a manager that is well would have killed the last of them. */
  get killAt(): number | undefined {
    return this.#until === undefined ? undefined : this.#until + 2 * this.#run.killTimeoutMs
  }

  /** Why nothing may be launched now. A manager that was suspended may not have noticed the end yet. */
  get refusal(): MachinesError | undefined {
    if (this.#until === undefined || this.#system.machineTime() < this.#until) return undefined
    return new MachinesError('DM_LEASE_LOST', 'the lease of this machine has ended')
  }
}
