/**
 * Calls handed to instances of this machine that they have not answered: what to answer in their
 * stead when one exits, and the proof that an answer was asked for. Kept until the deadline.
 */
import { limits } from '../limits.js'
import { CallTable } from './call-table.js'
import { DeadlineWheel } from './deadline-wheel.js'
import type { Endpoint } from './endpoint.js'
import { countOf, isWithin, type Questions, without } from './questions.js'
import type { CallKey } from './router-reports.js'

export interface HandedCall extends CallKey {
  readonly instance: number
  readonly deadline: number
  /** Questions without an answer. */
  open: Questions
}

export class HandedCalls {
  readonly #byInstance = new Map<number, CallTable<HandedCall>>()
  readonly #wheel = new DeadlineWheel<HandedCall>()

  get size(): number {
    return this.#wheel.size
  }

  /** False, and nothing kept, when the instance already has limits.pendingRequestsMax to answer. */
  add(call: HandedCall): boolean {
    const { instance, asker, requestId, questions } = call
    const calls = this.#callsOf(instance)
    if (calls.questions + countOf(questions) > limits.pendingRequestsMax) return false
    const former = calls.get(asker, requestId)
    if (former !== undefined) this.#wheel.remove(former)
    calls.set(asker, requestId, call)
    this.#wheel.add(call)
    return true
  }

  /** Takes out what an answer is to; false, and nothing done, when some of it is not open (any more). */
  settle(instance: number, asker: Endpoint, requestId: number, questions: Questions): boolean {
    const call = this.#byInstance.get(instance)?.get(asker, requestId)
    if (call === undefined || !isWithin(questions, call.open)) return false
    call.open = without(call.open, questions)
    if (call.open === 0) this.#forget(call)
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
