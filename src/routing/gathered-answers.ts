/** Answers to several questions of one REQUEST: those that are ready together go together. */
import type { MachinesError } from '../errors.js'
import { isWorthWriting } from '../write-batch.js'
import type { EnvelopeHeader } from './envelope.js'
import { Status } from './envelope.js'
import { joinBodies, joined, noQuestions, type Questions, question, without } from './questions.js'
import { type Answerer, sendAnswer, sendFailure } from './send-answer.js'

export class GatheredAnswers {
  readonly #header: EnvelopeHeader
  readonly #answerer: Answerer
  /** What waits for company, by number of the question. */
  readonly #results = new Map<number, Uint8Array>()
  #bytes = 0
  /** Without an answer yet. */
  #open: Questions

  constructor(header: EnvelopeHeader, answerer: Answerer) {
    this.#header = header
    this.#answerer = answerer
    this.#open = header.questions
  }

  add(index: number, result: Uint8Array): void {
    // What is large travels alone, so that the sum is never too large for a link.
    if (isWorthWriting(this.#results.size, this.#bytes + result.length)) this.#flush()
    this.#open = without(this.#open, question(index))
    this.#results.set(index, result)
    this.#bytes += result.length
    const { later } = this.#answerer
    const mayWait = this.#open > 0 && !isWorthWriting(this.#results.size, this.#bytes)
    if (!mayWait || later === undefined) this.#flush()
    else if (this.#results.size === 1) later(() => this.#flush())
  }

  /** An error waits for nobody. */
  fail(index: number, error: MachinesError): void {
    this.#open = without(this.#open, question(index))
    sendFailure(this.#header, this.#answerer, question(index), error)
  }

  #flush(): void {
    if (this.#results.size === 0) return
    const results = [...this.#results].toSorted(([one], [other]) => one - other)
    const questions = results.reduce((all, [index]) => joined(all, question(index)), noQuestions)
    const bodies = results.map(([, result]) => result)
    this.#results.clear()
    this.#bytes = 0
    sendAnswer(this.#header, this.#answerer, Status.OK, questions, joinBodies(bodies))
  }
}
