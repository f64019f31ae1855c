/** Answers to several questions of one REQUEST: those that are ready together go together. */
import { isWorthWriting } from '../write-batch.js'
import type { EnvelopeHeader } from './envelope.js'
import { Status } from './envelope.js'
import {
  indexesOf,
  joinBodies,
  joined,
  noQuestions,
  type Questions,
  question,
  without,
} from './questions.js'
import { type Answerer, sendAnswer } from './send-answer.js'

export class GatheredAnswers {
  readonly #header: EnvelopeHeader
  readonly #answerer: Answerer
  readonly #later: ((run: () => void) => void) | undefined
  /** What waits for company, by number of the question. */
  readonly #results = new Map<number, Uint8Array>()
  #waiting: Questions = noQuestions
  #bytes = 0
  /** Without an answer yet. */
  #open: Questions

  /** `later`: runs something at the end of this turn; without it, nothing waits. */
  constructor(
    header: EnvelopeHeader,
    answerer: Answerer,
    later: ((run: () => void) => void) | undefined,
  ) {
    this.#header = header
    this.#answerer = answerer
    this.#later = later
    this.#open = header.questions
  }

  add(index: number, result: Uint8Array): void {
    // What is large travels alone, so that the sum is never too large for a link.
    if (isWorthWriting(this.#results.size, this.#bytes + result.length)) this.#flush()
    this.#open = without(this.#open, question(index))
    this.#waiting = joined(this.#waiting, question(index))
    this.#results.set(index, result)
    this.#bytes += result.length
    const mayWait = this.#open > 0 && !isWorthWriting(this.#results.size, this.#bytes)
    if (!mayWait || this.#later === undefined) this.#flush()
    else if (this.#results.size === 1) this.#later(() => this.#flush())
  }

  /** These were answered by other means. */
  without(questions: Questions): void {
    this.#open = without(this.#open, questions)
  }

  #flush(): void {
    const questions = this.#waiting
    if (questions === noQuestions) return
    const bodies = indexesOf(questions).flatMap((index) => this.#results.get(index) ?? [])
    this.#waiting = noQuestions
    this.#results.clear()
    this.#bytes = 0
    sendAnswer(this.#header, this.#answerer, Status.OK, questions, joinBodies(bodies))
  }
}
