/** One call that waits: whom to expect, and who has answered. */
import { MachinesError } from '../errors.js'
import type { HasDeadline } from './deadline-wheel.js'
import type { Names } from './known-names.js'
import type { InstanceName, Outcome } from './outcome.js'

export class PendingCall implements HasDeadline {
  readonly requestId: number
  readonly deadline: number
  readonly #resolve: (outcomes: Outcome[]) => void
  readonly #reject: (error: MachinesError) => void
  /** Undefined until the router has named them. */
  #names: Names | undefined
  readonly #outcomes = new Map<number, Outcome>()

  constructor(
    requestId: number,
    deadline: number,
    resolve: (outcomes: Outcome[]) => void,
    reject: (error: MachinesError) => void,
  ) {
    this.requestId = requestId
    this.deadline = deadline
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Returns true when that completes the call: a target may mean nobody. */
  expect(names: Names): boolean {
    this.#names ??= names
    return this.#complete()
  }

  /** The first answer of an expected instance counts. Returns true when it was the last one. */
  answer(instance: number, outcome: (name: InstanceName) => Outcome): boolean {
    const name = this.#names?.get(instance)
    if (name === undefined || this.#outcomes.has(instance)) return false
    this.#outcomes.set(instance, outcome(name))
    return this.#complete()
  }

  fail(error: MachinesError): void {
    this.#reject(error)
  }

  /** The router fell silent: those without an outcome timed out. */
  giveUp(): void {
    if (this.#names === undefined) {
      const why = 'the manager did not say whom it asks before the deadline'
      this.#reject(new MachinesError('DM_TIMEOUT', why))
      return
    }
    for (const name of this.#names.values()) {
      const { instance, machine } = name
      const why = `instance ${instance} on ${machine} did not answer before the deadline`
      const error = new MachinesError('DM_TIMEOUT', why, { instance, machine })
      this.answer(instance, (known) => ({ ...known, status: 'timeout', error }))
    }
  }

  #complete(): boolean {
    const names = this.#names
    if (names === undefined || this.#outcomes.size < names.size) return false
    const outcomes = [...this.#outcomes.values()]
    if (outcomes.length > 1) outcomes.sort((a, b) => a.instance - b.instance)
    this.#resolve(outcomes)
    return true
  }
}
