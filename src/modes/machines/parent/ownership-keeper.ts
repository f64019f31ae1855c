/**
 * Drives the core of ownership: tells it the time, and has its decisions carried out once per turn
 * of the event loop, so that what happens together is answered together.
 */
import { limits } from '../../../limits.js'
import type { Cancel, System } from '../../../system/system.js'
import type { Ownership } from './ownership/ownership.js'
import type { OwnershipAction } from './ownership/ownership-types.js'

export interface KeeperHooks {
  /** Whether machines may be told something, and leases granted, by this start. */
  maySpeak(): boolean
  carryOut(action: OwnershipAction): void
}

export class OwnershipKeeper {
  readonly core: Ownership
  readonly #system: System
  readonly #hooks: KeeperHooks
  readonly #tickMs: number | undefined
  #cancelTick: Cancel = () => {}
  #cancelFlush: Cancel | undefined
  #isStopped = false

  /** `leaseMs`: undefined where there are no leases, and nothing happens by time alone. */
  constructor(core: Ownership, leaseMs: number | undefined, system: System, hooks: KeeperHooks) {
    this.core = core
    this.#system = system
    this.#hooks = hooks
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
    const actions = this.core.flush(this.now)
    const areWords = actions.some(({ type }) => type === 'assign' || type === 'grant')
    if (areWords && !this.#hooks.maySpeak()) return
    for (const action of actions) this.#hooks.carryOut(action)
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
