/**
 * Calls asked on this machine and who has not answered yet. The asker's own router is the one place
 * that decides whether an answer counts: the first one of each instance does, before the deadline.
 */
import { limits } from '../limits.js'
import { DeadlineWheel } from './deadline-wheel.js'
import type { Endpoint } from './endpoint.js'
import type { CallKey } from './router-reports.js'

export interface OriginCall extends CallKey {
  readonly deadline: number
  /** Instances that have not answered. */
  readonly waiting: Set<number>
}

export class OriginCalls {
  readonly #byAsker = new Map<Endpoint, Map<number, OriginCall>>()
  readonly #wheel = new DeadlineWheel<OriginCall>()

  get size(): number {
    return this.#wheel.size
  }

  /** Whether the asker has no room for another call. */
  isFull(asker: Endpoint): boolean {
    return (this.#byAsker.get(asker)?.size ?? 0) >= limits.pendingRequestsMax
  }

  has({ asker, requestId }: CallKey): boolean {
    return this.#byAsker.get(asker)?.has(requestId) ?? false
  }

  open(key: CallKey, ids: readonly number[], deadline: number): void {
    if (ids.length === 0) return
    const call: OriginCall = { ...key, deadline, waiting: new Set(ids) }
    const calls = this.#byAsker.get(key.asker)
    if (calls === undefined) this.#byAsker.set(key.asker, new Map([[key.requestId, call]]))
    else calls.set(key.requestId, call)
    this.#wheel.add(call)
  }

  /** True when this is the answer that was waited for; false for a late or second one. */
  settle(asker: Endpoint, requestId: number, instance: number): boolean {
    const call = this.#byAsker.get(asker)?.get(requestId)
    if (call === undefined || !call.waiting.delete(instance)) return false
    if (call.waiting.size === 0) this.#forget(call)
    return true
  }

  /** The asker is gone, and with it everybody who wanted to know. */
  forgetAsker(asker: Endpoint): void {
    for (const call of this.#byAsker.get(asker)?.values() ?? []) this.#wheel.remove(call)
    this.#byAsker.delete(asker)
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
    for (const calls of this.#byAsker.values()) {
      for (const call of calls.values()) {
        for (const instance of call.waiting) {
          if (picks(instance, call.asker)) found.push([call, instance])
        }
      }
    }
    return found
  }

  #forget(call: OriginCall): void {
    this.#wheel.remove(call)
    const calls = this.#byAsker.get(call.asker)
    calls?.delete(call.requestId)
    if (calls?.size === 0) this.#byAsker.delete(call.asker)
  }
}
