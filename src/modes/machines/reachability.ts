/**
 * Whether the manager at the other end of a link counts as reachable.
 *
 * A short break of the connection is the link's own business: messages wait and are sent again. Only
 * after `linkOfflineAfterMs` is the other side taken for unreachable, so that callers get `offline`
 * instead of waiting for their deadlines.
 */
import { limits } from '../../limits.js'
import type { Cancel, System } from '../../system/system.js'

export class Reachability {
  readonly #system: System
  readonly #onChange: (isReachable: boolean) => void
  #isReachable = false
  #cancel: Cancel = () => {}

  constructor(system: System, onChange: (isReachable: boolean) => void) {
    this.#system = system
    this.#onChange = onChange
  }

  get isReachable(): boolean {
    return this.#isReachable
  }

  up(): void {
    this.#set(true)
  }

  /** The connection broke; it may be back in time. */
  down(): void {
    this.#cancel()
    this.#cancel = this.#system.setTimer(limits.linkOfflineAfterMs, () => this.#set(false))
  }

  /** What was sent and not confirmed is lost, or the link is closed: there is no hope to wait for. */
  gone(): void {
    this.#set(false)
  }

  #set(isReachable: boolean): void {
    this.#cancel()
    if (isReachable === this.#isReachable) return
    this.#isReachable = isReachable
    this.#onChange(isReachable)
  }
}
