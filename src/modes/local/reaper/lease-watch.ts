/** Kills what is in the ledger when the lease of its manager has ended. Pure. */
import { limits } from '../../../limits.js'
import type { System } from '../../../system/system.js'
import type { ReaperLedger, StartTimeOf } from './reaper-ledger.js'

export interface LeaseWatchHost {
  readonly system: Pick<System, 'machineTime' | 'setTimer'>
  readonly startTimeOf: StartTimeOf
  /** Calls back when everything that the manager has said until now was read. */
  afterTurn(action: () => void): void
  kill(pid: number): void
}

export class LeaseWatch {
  readonly #ledger: ReaperLedger
  readonly #host: LeaseWatchHost
  #isWaiting = false
  /** The end as it was at the last look. */
  #seen: number | undefined

  constructor(ledger: ReaperLedger, host: LeaseWatchHost) {
    this.#ledger = ledger
    this.#host = host
  }

  /** The ledger has changed. */
  changed(): void {
    if (!this.#isWaiting) this.#look()
  }

  /** Without a lease, or with nobody in the book, it waits for the next line. */
  #look(): void {
    const { killAt } = this.#ledger
    this.#isWaiting = killAt !== undefined
    if (killAt === undefined) return
    this.#seen = killAt
    const { system } = this.#host
    const leftMs = Math.ceil(killAt - system.machineTime())
    // A reaper that was suspended finds renewals in its stdin first.
    if (leftMs <= 0) this.#host.afterTurn(() => this.#killOverdue())
    else this.#lookIn(Math.min(leftMs, limits.reaperLookEveryMs))
  }

  #lookIn(delayMs: number): void {
    this.#host.system.setTimer(delayMs, () => this.#look())
  }

  #killOverdue(): void {
    // An end that came just now and is past already was said long ago: others may follow it.
    if (this.#ledger.killAt !== this.#seen) {
      this.#lookIn(limits.reaperLookEveryMs)
      return
    }
    const { system, startTimeOf } = this.#host
    const overdue = this.#ledger.takeOverdue(system.machineTime(), startTimeOf)
    for (const pid of overdue) this.#host.kill(pid)
    this.#look()
  }
}
