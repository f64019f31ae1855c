/**
 * The lease of worker threads. They share the process of their manager: when it is suspended so are
 * they, and nothing ends one of them from outside but the end of all.
 */
import { limits } from '../../../limits.js'
import type { Reaper } from '../reaper/reaper.js'

export class WorkerLease {
  readonly #reaper: Pick<Reaper, 'lease' | 'watchHost' | 'unwatch'>
  #threads = 0
  #hasLease = false
  #isWatched = false

  constructor(reaper: Pick<Reaper, 'lease' | 'watchHost' | 'unwatch'>) {
    this.#reaper = reaper
  }

  /** The manager ends its threads by itself at `killAt`, where it can. */
  lease(killAt: number | undefined): void {
    this.#hasLease = killAt !== undefined
    this.#reaper.lease(killAt === undefined ? undefined : killAt + limits.workersEndMs)
    this.#look()
  }

  /** A thread lives until `exited` resolves. */
  started(exited: Promise<unknown>): void {
    this.#threads += 1
    this.#look()
    void exited.then(() => {
      this.#threads -= 1
      this.#look()
    })
  }

  /** Without a lease threads need no reaper, and without threads there is nothing to kill. */
  #look(): void {
    const isNeeded = this.#hasLease && this.#threads > 0
    if (isNeeded === this.#isWatched) return
    this.#isWatched = isNeeded
    if (isNeeded) this.#reaper.watchHost(process.pid)
    else this.#reaper.unwatch(process.pid)
  }
}
