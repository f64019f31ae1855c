/** Questions of one turn to the same instances, on their way to become one REQUEST. */
import { isWorthWriting } from '../write-batch.js'
import type { Endpoint } from './endpoint.js'
import { EnvelopeKind, Status, type Verb } from './envelope.js'
import { encodeEnvelope } from './envelope-codec.js'
import type { PendingCall, Settle } from './pending-call.js'
import { firstQuestions, joinBodies, questionsMax } from './questions.js'
import { isSameTarget, type ResolvedTarget } from './resolved-target.js'

/** What questions must have in common to travel together. */
export interface CallTerms {
  readonly verb: Verb
  readonly target: ResolvedTarget
  /** What each of them may take, ms. */
  readonly budgetMs: number
}

export class GatheredCall {
  readonly call: PendingCall
  readonly #terms: CallTerms
  readonly #bodies: Uint8Array[] = []
  #bytes = 0

  constructor(call: PendingCall, terms: CallTerms) {
    this.call = call
    this.#terms = terms
  }

  /** Whether nothing is gained by waiting for more. */
  get isFull(): boolean {
    const count = this.#bodies.length
    return count === questionsMax || isWorthWriting(count, this.#bytes)
  }

  /** Whether a question of this size goes with the others; what is large travels alone. */
  takes({ verb, target, budgetMs }: CallTerms, bodyBytes: number): boolean {
    const own = this.#terms
    const isSame = verb === own.verb && budgetMs === own.budgetMs
    const isSmall = !isWorthWriting(this.#bodies.length, this.#bytes + bodyBytes)
    return isSame && isSmall && isSameTarget(target, own.target)
  }

  ask(body: Uint8Array, settle: Settle): void {
    this.call.ask(settle)
    this.#bodies.push(body)
    this.#bytes += body.length
  }

  /** As encodeEnvelope. */
  envelope(source: Endpoint): Uint8Array {
    const { requestId } = this.call
    const { verb, target, budgetMs } = this.#terms
    const questions = firstQuestions(this.#bodies.length)
    const kind = EnvelopeKind.REQUEST
    const status = Status.NONE
    const header = { kind, verb, status, requestId, source, budgetMs, questions, target }
    return encodeEnvelope(header, joinBodies(this.#bodies))
  }
}
