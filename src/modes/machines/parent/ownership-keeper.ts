/**
 * Drives the core of ownership: tells it the time, and has its decisions carried out once per turn
 * of the event loop, so that what happens together is answered together.
 */
import { limits } from '../../../limits.js'
import type { Cancel, System } from '../../../system/system.js'
import type { Ownership } from './ownership/ownership.js'
import type { OwnershipAction } from './ownership/ownership-types.js'

export class OwnershipKeeper {
  readonly core: Ownership
  readonly #system: System
  readonly #carryOut: (action: OwnershipAction) => void
  readonly #tickMs: number | undefined
  #cancelTick: Cancel = () => {}
  #cancelFlush: Cancel | undefined
  #isStopped = false

  /** `leaseMs`: undefined where there are no leases, and nothing happens by time alone. */
  constructor(
    core: Ownership,
    leaseMs: number | undefined,
    system: System,
    carryOut: (action: OwnershipAction) => void,
  ) {
    this.core = core
    this.#system = system
    this.#carryOut = carryOut
    this.#tickMs = leaseMs === undefined ? undefined : leaseMs / limits.leaseTickPart
    this.#tick()
  }

  get now(): number {
    return this.#system.machineTime()
  }

  /** Something has happened; what follows from it is carried out before the turn is over. */
  happened(tell: (core: Ownership, now: number) => void): void {
    if (this.#isStopped) return
    tell(this.core, this.now)
    this.#cancelFlush ??= this.#system.setTimer(0, () => this.flush())
  }

  flush(): void {
    this.#cancelFlush?.()
    this.#cancelFlush = undefined
    if (this.#isStopped) return
    for (const action of this.core.flush(this.now)) this.#carryOut(action)
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelTick()
    this.#cancelFlush?.()
  }

  #tick(): void {
    if (this.#tickMs === undefined) return
    this.#cancelTick = this.#system.setTimer(this.#tickMs, () => {
      this.happened((core, now) => core.tick(now))
      if (!this.#isStopped) this.#tick()
    })
  }
}
