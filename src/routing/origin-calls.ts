/**
 * Calls asked on this machine and who has not answered yet. The asker's own router is the one place
 * that decides whether an answer counts: the first one of each instance does, before the deadline.
 */
import { limits } from '../limits.js'
import { CallTable } from './call-table.js'
import { DeadlineWheel } from './deadline-wheel.js'
import type { Endpoint } from './endpoint.js'
import { countOf, isWithin, type Questions, without } from './questions.js'
import type { CallKey } from './router-reports.js'

export interface OriginCall extends CallKey {
  readonly deadline: number
  /** Instances that have not answered, or not all of it, and what is open. */
  readonly waiting: Map<number, Questions>
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

  /** Whether the asker has no room for this call. */
  isFull({ asker, questions }: CallKey): boolean {
    return this.#calls.questionsOf(asker) + countOf(questions) > limits.pendingRequestsMax
  }

  find(asker: Endpoint, requestId: number): OriginCall | undefined {
    return this.#calls.get(asker, requestId)
  }

  /** Waits for these instances, of which there is at least one; `untold` names them. */
  open(key: CallKey, ids: readonly number[], deadline: number, untold: Uint8Array): void {
    const { asker, requestId, verb, questions } = key
    const waiting = new Map<number, Questions>()
    for (const id of ids) waiting.set(id, questions)
    const call = { asker, requestId, verb, questions, deadline, waiting, untold }
    this.#calls.set(asker, requestId, call)
    this.#wheel.add(call)
    this.#opened.push(call)
  }

  /** True when this is what was waited for; false for a late or second answer to any of it. */
  settle(call: OriginCall, instance: number, questions: Questions): boolean {
    const open = call.waiting.get(instance)
    if (open === undefined || !isWithin(questions, open)) return false
    const left = without(open, questions)
    if (left > 0) call.waiting.set(instance, left)
    else call.waiting.delete(instance)
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

  /** What is open of every instance that calls wait for and that `picks` chooses. */
  waitingFor(
    picks: (instance: number, asker: Endpoint) => boolean,
  ): readonly (readonly [CallKey, number])[] {
    return this.#calls
      .all()
      .flatMap((call) => openOf(call).filter(([, instance]) => picks(instance, call.asker)))
  }

  #forget(call: OriginCall): void {
    this.#wheel.remove(call)
    this.#calls.delete(call.asker, call.requestId)
  }
}

/** What a call waits for, by instance. */
export function openOf({
  asker,
  requestId,
  verb,
  waiting,
}: OriginCall): (readonly [CallKey, number])[] {
  return [...waiting].map(([instance, questions]) => [
    { asker, requestId, verb, questions },
    instance,
  ])
}
