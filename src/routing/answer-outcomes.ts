/** What one instance has answered, as outcomes of the questions. */
import { MachinesError } from '../errors.js'
import { decodeBody } from './body-codec.js'
import { Status } from './envelope.js'
import { decodeError } from './error-body.js'
import type { InstanceName, Outcome } from './outcome.js'
import { countOf, type Questions, splitBodies } from './questions.js'

export class AnswerOutcomes {
  readonly #status: Status
  readonly #count: number
  readonly #body: Uint8Array
  #bodies: readonly Uint8Array[] | undefined

  /** `body` and the questions that it answers, as they came. */
  constructor(questions: Questions, status: Status, body: Uint8Array) {
    this.#status = status
    // Of errors and of what routers say, one stands for all.
    this.#count = status === Status.OK ? countOf(questions) : 1
    this.#body = body
  }

  /** The outcome of the nth of these questions. What cannot be read is an error of this instance. */
  of(name: InstanceName, nth: number): Outcome {
    const { instance, machine, shards } = name
    switch (this.#status) {
      case Status.OK:
        try {
          return { instance, machine, shards, status: 'ok', value: decodeBody(this.#bodyOf(nth)) }
        } catch (cause) {
          const why = `the answer of instance ${instance} cannot be decoded`
          const error = new MachinesError('DM_BODY_INVALID', why, { cause, instance, machine })
          return { ...name, status: 'error', error }
        }
      case Status.TIMEOUT:
        return { ...name, status: 'timeout', error: decodeError(this.#body, { instance, machine }) }
      case Status.OFFLINE:
        return { ...name, status: 'offline', error: decodeError(this.#body, { instance, machine }) }
      default:
        return { ...name, status: 'error', error: decodeError(this.#body, { instance, machine }) }
    }
  }

  #bodyOf(nth: number): Uint8Array {
    if (this.#count === 1) return this.#body
    this.#bodies ??= splitBodies(this.#body, this.#count)
    return this.#bodies[nth] ?? this.#body
  }
}
