/**
 * How long this instance may run, as its manager last said. A manager that is suspended or hangs can
 * end nobody, so the instance ends itself. Without a word of a lease none of this does anything. Pure.
 */
import type { LeaseNotice } from '../instances/channel/lease-notice.js'
import { limits } from '../limits.js'
import type { Cancel, System } from '../system/system.js'

/** While messages keep coming they come much closer than that. */
const drainStepMs = limits.leaseDrainMs / 10

export interface LeaseHost {
  readonly system: Pick<System, 'machineTime' | 'setTimer'>
  /** Calls back after a whole turn of the event loop: what waited to be read was read. */
  afterTurn(action: () => void): void
  /** Calls `action` whenever the process goes on after it was stopped. */
  onContinue(action: () => void): void
}

export class InstanceLease {
  readonly #host: LeaseHost
  readonly #onEnd: (goodbyeMs: number) => void
  #notice: LeaseNotice | null = null
  #cancel: Cancel | undefined
  #isWatching = false
  #isDraining = false
  /** Whether anything came from the manager since it was asked last. */
  #hasHeard = false
  #isOver = false

  /** @param onEnd called once, when the lease has ended: from then on the goodbye may take so long. */
  constructor(host: LeaseHost, onEnd: (goodbyeMs: number) => void) {
    this.#host = host
    this.#onEnd = onEnd
  }

  /** The manager says until when it goes; null: no lease any more. */
  told(notice: LeaseNotice | null): void {
    this.#notice = notice
    if (!this.#isWatching) {
      this.#isWatching = true
      this.#host.onContinue(() => this.#look())
    }
    this.#look()
  }

  /** Something else came from the manager. */
  heard(): void {
    this.#hasHeard = true
  }

  #look(): void {
    this.#cancel?.()
    if (this.#notice === null || this.#isDraining || this.#isOver) return
    const now = this.#host.system.machineTime()
    const leftMs = Math.ceil(this.#notice.until - now)
    if (leftMs <= 0) this.#drain(now)
    else this.#lookIn(Math.min(leftMs, limits.leaseLookEveryMs))
  }

  #lookIn(delayMs: number): void {
    this.#cancel = this.#host.system.setTimer(delayMs, () => this.#look())
  }

  /**
   * The manager may have gone on renewing while this instance was suspended: its words wait in the
   * channel, perhaps behind a heap of messages. Where nothing waits at all it ends within a turn.
   */
  #drain(since: number): void {
    this.#isDraining = true
    this.#hasHeard = false
    this.#host.afterTurn(() => this.#drained(since))
  }

  #drained(since: number): void {
    const { system } = this.#host
    const now = system.machineTime()
    if (this.#notice === null || now < this.#notice.until) {
      this.#isDraining = false
      this.#look()
    } else if (this.#hasHeard && now - since < limits.leaseDrainMs) {
      this.#hasHeard = false
      system.setTimer(drainStepMs, () => this.#drained(since))
    } else {
      this.#end(this.#notice.goodbyeMs)
    }
  }

  #end(goodbyeMs: number): void {
    this.#isOver = true
    this.#onEnd(goodbyeMs)
  }
}
