/** Things by the call they belong to: its asker, and the number that the asker has given it. */
import type { Endpoint } from './endpoint.js'
import { countOf, type Questions } from './questions.js'

export interface HasQuestions {
  /** All of the call; they do not change while it is in the table. */
  readonly questions: Questions
}

/** What one asker has asked. */
class Asked<T> {
  readonly items = new Map<number, T>()
  questions = 0
}

export class CallTable<T extends HasQuestions> {
  readonly #byAsker = new Map<Endpoint, Asked<T>>()
  #questions = 0

  /** Questions of all calls. */
  get questions(): number {
    return this.#questions
  }

  /** Questions of this asker's calls. */
  questionsOf(asker: Endpoint): number {
    return this.#byAsker.get(asker)?.questions ?? 0
  }

  get(asker: Endpoint, requestId: number): T | undefined {
    return this.#byAsker.get(asker)?.items.get(requestId)
  }

  /** Replaces what there was of this call. */
  set(asker: Endpoint, requestId: number, item: T): void {
    const asked = this.#askedBy(asker)
    const former = asked.items.get(requestId)
    asked.items.set(requestId, item)
    const count = countOf(item.questions) - (former === undefined ? 0 : countOf(former.questions))
    asked.questions += count
    this.#questions += count
  }

  /** Removing what is not there does nothing. */
  delete(asker: Endpoint, requestId: number): void {
    const asked = this.#byAsker.get(asker)
    const item = asked?.items.get(requestId)
    if (asked === undefined || item === undefined) return
    asked.items.delete(requestId)
    const count = countOf(item.questions)
    asked.questions -= count
    this.#questions -= count
    if (asked.items.size === 0) this.#byAsker.delete(asker)
  }

  /** All items, as they are now: the table may change while they are gone through. */
  all(): readonly T[] {
    return [...this.#byAsker.values()].flatMap(({ items }) => [...items.values()])
  }

  /** Takes out everything of one asker. */
  takeAll(asker: Endpoint): readonly T[] {
    const asked = this.#byAsker.get(asker)
    if (asked === undefined) return []
    this.#byAsker.delete(asker)
    this.#questions -= asked.questions
    return [...asked.items.values()]
  }

  #askedBy(asker: Endpoint): Asked<T> {
    const known = this.#byAsker.get(asker)
    if (known !== undefined) return known
    const asked = new Asked<T>()
    this.#byAsker.set(asker, asked)
    return asked
  }
}
