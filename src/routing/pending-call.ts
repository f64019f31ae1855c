/** One call that waits: its questions, whom to expect, and who has answered what. */
import { MachinesError } from '../errors.js'
import type { HasDeadline } from './deadline-wheel.js'
import type { Names } from './known-names.js'
import type { InstanceName, Outcome } from './outcome.js'
import { firstQuestions, indexesOf, isWithin, type Questions, without } from './questions.js'

/** What became of one question. */
export interface Settle {
  readonly resolve: (outcomes: Outcome[]) => void
  readonly reject: (error: MachinesError) => void
}

interface Asked extends Settle {
  readonly outcomes: Outcome[]
}

export class PendingCall implements HasDeadline {
  readonly requestId: number
  readonly deadline: number
  readonly #asked: Asked[] = []
  /** Undefined until the router has named them. */
  #names: Names | undefined
  /** What instances that have answered something have not answered. */
  readonly #leftOpen = new Map<number, Questions>()
  /** Questions without an end. */
  #open = 0
  #ended = 0

  constructor(requestId: number, deadline: number) {
    this.requestId = requestId
    this.deadline = deadline
  }

  /** Whether every question has its end. */
  get isOver(): boolean {
    return this.#open === 0
  }

  /** How many questions have ended since this was last asked. */
  takeEnded(): number {
    const ended = this.#ended
    this.#ended = 0
    return ended
  }

  /** One question more; only before the call is sent. */
  ask({ resolve, reject }: Settle): void {
    this.#asked.push({ resolve, reject, outcomes: [] })
    this.#open += 1
  }

  expect(names: Names): void {
    this.#names ??= names
    // A target may mean nobody.
    if (this.#names.size === 0) for (const asked of this.#asked) this.#complete(asked)
  }

  /**
   * The first answer of an expected instance to a question counts. `outcome` is that of the nth of the
   * answered questions.
   */
  answer(
    instance: number,
    questions: Questions,
    outcome: (name: InstanceName, nth: number) => Outcome,
  ): void {
    const names = this.#names
    const name = names?.get(instance)
    const open = this.#openOf(instance)
    if (names === undefined || name === undefined || !isWithin(questions, open)) return
    this.#leftOpen.set(instance, without(open, questions))
    let nth = 0
    for (const index of indexesOf(questions)) {
      const asked = this.#asked[index]
      asked?.outcomes.push(outcome(name, nth))
      if (asked?.outcomes.length === names.size) this.#complete(asked)
      nth += 1
    }
  }

  fail(error: MachinesError): void {
    this.#ended += this.#open
    this.#open = 0
    // Harmless where a question has its outcomes already.
    for (const { reject } of this.#asked) reject(error)
    this.#letGo()
  }

  /** The router fell silent: those without an outcome timed out. */
  giveUp(): void {
    if (this.#names === undefined) {
      const why = 'the manager did not say whom it asks before the deadline'
      this.fail(new MachinesError('DM_TIMEOUT', why))
      return
    }
    for (const { instance, machine } of this.#names.values()) {
      const why = `instance ${instance} on ${machine} did not answer before the deadline`
      const error = new MachinesError('DM_TIMEOUT', why, { instance, machine })
      this.answer(instance, this.#openOf(instance), (known) => ({
        ...known,
        status: 'timeout',
        error,
      }))
    }
  }

  #openOf(instance: number): Questions {
    return this.#leftOpen.get(instance) ?? firstQuestions(this.#asked.length)
  }

  #complete({ outcomes, resolve }: Asked): void {
    if (outcomes.length > 1) outcomes.sort((a, b) => a.instance - b.instance)
    this.#open -= 1
    this.#ended += 1
    resolve(outcomes)
    if (this.#open === 0) this.#letGo()
  }

  /**
   * A Map that is laid out anew keeps what was in it for its iterators, and points to what it became.
   * With many short calls V8 carries such a row along for seconds, and whatever calls it has in it.
   */
  #letGo(): void {
    this.#asked.length = 0
  }
}
