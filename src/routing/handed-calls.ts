/**
 * Calls handed to instances of this machine that they have not answered: what to answer in their
 * stead when one exits, and the proof that an answer was asked for. Kept until the deadline.
 */
import { limits } from '../limits.js'
import { DeadlineWheel } from './deadline-wheel.js'
import type { Endpoint } from './endpoint.js'
import type { CallKey } from './router-reports.js'

export interface HandedCall extends CallKey {
  readonly instance: number
  readonly deadline: number
}

export class HandedCalls {
  readonly #byInstance = new Map<number, Map<string, HandedCall>>()
  readonly #wheel = new DeadlineWheel<HandedCall>()

  get size(): number {
    return this.#wheel.size
  }

  /** False, and nothing kept, when the instance already has limits.pendingRequestsMax to answer. */
  add(call: HandedCall): boolean {
    const calls = this.#byInstance.get(call.instance) ?? new Map<string, HandedCall>()
    if (calls.size >= limits.pendingRequestsMax) return false
    const key = keyOf(call.asker, call.requestId)
    const former = calls.get(key)
    if (former !== undefined) this.#wheel.remove(former)
    this.#byInstance.set(call.instance, calls)
    calls.set(key, call)
    this.#wheel.add(call)
    return true
  }

  /** Takes out the call that an answer belongs to; false when there is none (any more). */
  settle(instance: number, asker: Endpoint, requestId: number): boolean {
    const call = this.#byInstance.get(instance)?.get(keyOf(asker, requestId))
    if (call === undefined) return false
    this.#forget(call)
    return true
  }

  /** Takes out everything that an instance still owed. */
  takeAll(instance: number): readonly HandedCall[] {
    const calls = [...(this.#byInstance.get(instance)?.values() ?? [])]
    for (const call of calls) this.#forget(call)
    return calls
  }

  /** Forgets what the asker's own router has timed out by now. */
  expire(now: number): void {
    for (const call of this.#wheel.expired(now)) this.#forget(call)
  }

  #forget(call: HandedCall): void {
    this.#wheel.remove(call)
    const calls = this.#byInstance.get(call.instance)
    calls?.delete(keyOf(call.asker, call.requestId))
    if (calls?.size === 0) this.#byInstance.delete(call.instance)
  }
}

function keyOf(asker: Endpoint, requestId: number): string {
  return `${asker}:${requestId}`
}
