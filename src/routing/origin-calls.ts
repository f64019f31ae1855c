/**
 * Calls asked on this machine and who has not answered yet. The asker's own router is the one place
 * that decides whether an answer counts: the first one of each instance does, before the deadline.
 */
import { limits } from '../limits.js'
import { CallTable } from './call-table.js'
import { DeadlineWheel } from './deadline-wheel.js'
import type { Endpoint } from './endpoint.js'
import type { CallKey } from './router-reports.js'

export interface OriginCall extends CallKey {
  readonly deadline: number
  /** Instances that have not answered. */
  readonly waiting: Set<number>
  /** Body of the EXPECT that the asker has not been given yet. */
  untold: Uint8Array | undefined
}

export class OriginCalls {
  readonly #calls = new CallTable<OriginCall>()
  readonly #wheel = new DeadlineWheel<OriginCall>()
  /** Opened since the last look; most of them are told or over by now. */
  #opened: OriginCall[] = []

  get size(): number {
    return this.#wheel.size
  }

  /** Whether the asker has no room for another call. */
  isFull(asker: Endpoint): boolean {
    return this.#calls.sizeOf(asker) >= limits.pendingRequestsMax
  }

  find(asker: Endpoint, requestId: number): OriginCall | undefined {
    return this.#calls.get(asker, requestId)
  }

  /** Waits for these instances, of which there is at least one; `untold` names them. */
  open(key: CallKey, ids: readonly number[], deadline: number, untold: Uint8Array): void {
    const { asker, requestId, verb } = key
    const call = { asker, requestId, verb, deadline, waiting: new Set(ids), untold }
    this.#calls.set(asker, requestId, call)
    this.#wheel.add(call)
    this.#opened.push(call)
  }

  /** True when this is the answer that was waited for; false for a late or second one. */
  settle(call: OriginCall, instance: number): boolean {
    if (!call.waiting.delete(instance)) return false
    if (call.waiting.size === 0) this.#forget(call)
    return true
  }

  /** Calls that wait for their first answer since before the last time this was asked. */
  takeUntold(): readonly OriginCall[] {
    const untold = this.#opened.filter((call) => call.untold !== undefined)
    this.#opened = []
    return untold
  }

  /** The asker is gone, and with it everybody who wanted to know. */
  forgetAsker(asker: Endpoint): void {
    for (const call of this.#calls.takeAll(asker)) {
      this.#wheel.remove(call)
      call.untold = undefined
    }
  }

  /** Calls whose deadline has passed; they stay until each waiting instance is settled. */
  expired(now: number): readonly OriginCall[] {
    return this.#wheel.expired(now)
  }

  /** Every pair of a call and an instance it waits for that `picks` chooses. */
  waitingFor(
    picks: (instance: number, asker: Endpoint) => boolean,
  ): readonly (readonly [OriginCall, number])[] {
    const found: (readonly [OriginCall, number])[] = []
    for (const call of this.#calls.all()) {
      for (const instance of call.waiting) {
        if (picks(instance, call.asker)) found.push([call, instance])
      }
    }
    return found
  }

  #forget(call: OriginCall): void {
    this.#wheel.remove(call)
    this.#calls.delete(call.asker, call.requestId)
  }
}
