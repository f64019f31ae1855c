/**
 * Calls handed to instances of this machine that they have not answered: what to answer in their
 * stead when one exits, and the proof that an answer was asked for. Kept until the deadline.
 */
import { limits } from '../limits.js'
import { CallTable } from './call-table.js'
import { DeadlineWheel } from './deadline-wheel.js'
import type { Endpoint } from './endpoint.js'
import type { CallKey } from './router-reports.js'

export interface HandedCall extends CallKey {
  readonly instance: number
  readonly deadline: number
}

export class HandedCalls {
  readonly #byInstance = new Map<number, CallTable<HandedCall>>()
  readonly #wheel = new DeadlineWheel<HandedCall>()

  get size(): number {
    return this.#wheel.size
  }

  /** False, and nothing kept, when the instance already has limits.pendingRequestsMax to answer. */
  add(call: HandedCall): boolean {
    const { instance, asker, requestId } = call
    const calls = this.#callsOf(instance)
    if (calls.size >= limits.pendingRequestsMax) return false
    const former = calls.get(asker, requestId)
    if (former !== undefined) this.#wheel.remove(former)
    calls.set(asker, requestId, call)
    this.#wheel.add(call)
    return true
  }

  /** Takes out the call that an answer belongs to; false when there is none (any more). */
  settle(instance: number, asker: Endpoint, requestId: number): boolean {
    const call = this.#byInstance.get(instance)?.get(asker, requestId)
    if (call === undefined) return false
    this.#forget(call)
    return true
  }

  /** Takes out everything that an instance still owed. */
  takeAll(instance: number): readonly HandedCall[] {
    const calls = this.#byInstance.get(instance)?.all() ?? []
    for (const call of calls) this.#wheel.remove(call)
    this.#byInstance.delete(instance)
    return calls
  }

  /** Forgets what the asker's own router has timed out by now. */
  expire(now: number): void {
    for (const call of this.#wheel.expired(now)) this.#forget(call)
  }

  /** An instance keeps its table, empty or not, until it exits. */
  #callsOf(instance: number): CallTable<HandedCall> {
    const known = this.#byInstance.get(instance)
    if (known !== undefined) return known
    const calls = new CallTable<HandedCall>()
    this.#byInstance.set(instance, calls)
    return calls
  }

  #forget(call: HandedCall): void {
    this.#wheel.remove(call)
    this.#byInstance.get(call.instance)?.delete(call.asker, call.requestId)
  }
}
