/** The one answer that each question of a REQUEST gets, whatever the code that answers it does. */
import { MachinesError } from '../errors.js'
import { isWorthWriting } from '../write-batch.js'
import { encodeBody } from './body-codec.js'
import type { Endpoint } from './endpoint.js'
import type { EnvelopeHeader } from './envelope.js'
import { EnvelopeKind, Status } from './envelope.js'
import { encodeEnvelope } from './envelope-codec.js'
import { encodeError } from './error-body.js'
import {
  countOf,
  indexesOf,
  joinBodies,
  joined,
  noQuestions,
  type Questions,
  question,
  splitBodies,
  without,
} from './questions.js'

export interface RespondOptions {
  readonly self: Endpoint
  /** To the router of this machine. */
  readonly send: (envelope: Uint8Array) => boolean
  /** Default: encodeBody. What it throws is the answer. */
  readonly encode?: (result: unknown) => Uint8Array
  /**
   * Runs something at the end of this turn; what is answered until then travels together. Without it,
   * each answer is sent at once.
   */
  readonly later?: (run: () => void) => void
}

/** Gets the body of one question; rejects with MachinesErrors only. */
type Work = (body: Uint8Array) => Promise<unknown>

/**
 * Runs the work for each question and sends its result, or what it threw, to whoever asked. Never
 * throws.
 *
 * What the bot's code threw is the cause of a DM_REMOTE.
 */
export function respond(
  header: EnvelopeHeader,
  body: Uint8Array,
  options: RespondOptions,
  work: Work,
): void {
  const count = countOf(header.questions)
  if (count === 1) void answerAlone(header, body, options, work)
  else answerAll(header, body, count, options, work)
}

/** What most calls are: one question, whose answer waits for nobody. */
async function answerAlone(
  header: EnvelopeHeader,
  body: Uint8Array,
  options: RespondOptions,
  work: Work,
): Promise<void> {
  const { encode = encodeResult } = options
  let result: Uint8Array
  try {
    result = encode(await work(body))
  } catch (error) {
    sendFailure(header, options, header.questions, asOwn(error))
    return
  }
  sendAnswer(header, options, Status.OK, header.questions, result)
}

function answerAll(
  header: EnvelopeHeader,
  body: Uint8Array,
  count: number,
  options: RespondOptions,
  work: Work,
): void {
  const answers = new Answers(header, options)
  const { encode = encodeResult } = options
  const answer = async (index: number, asked: Uint8Array): Promise<void> => {
    try {
      answers.ok(index, encode(await work(asked)))
    } catch (error) {
      answers.failed(question(index), asOwn(error))
    }
  }
  try {
    for (const [index, asked] of splitBodies(body, count).entries()) void answer(index, asked)
  } catch (error) {
    answers.failed(header.questions, asOwn(error))
  }
}

/** What is answered of one REQUEST. */
class Answers {
  readonly #header: EnvelopeHeader
  readonly #options: RespondOptions
  /** What waits for company, by number of the question. */
  readonly #results = new Map<number, Uint8Array>()
  #answered: Questions = noQuestions
  #bytes = 0
  /** Without an answer yet. */
  #open: Questions

  constructor(header: EnvelopeHeader, options: RespondOptions) {
    this.#header = header
    this.#options = options
    this.#open = header.questions
  }

  ok(index: number, result: Uint8Array): void {
    const { later } = this.#options
    // What is large travels alone, so that the sum is never too large for a link.
    if (isWorthWriting(this.#results.size, this.#bytes + result.length)) this.#flush()
    this.#open = without(this.#open, question(index))
    this.#answered = joined(this.#answered, question(index))
    this.#results.set(index, result)
    this.#bytes += result.length
    const isWaitWorthwhile = this.#open > 0 && !isWorthWriting(this.#results.size, this.#bytes)
    if (!isWaitWorthwhile || later === undefined) this.#flush()
    else if (this.#results.size === 1) later(() => this.#flush())
  }

  failed(questions: Questions, error: MachinesError): void {
    this.#open = without(this.#open, questions)
    sendFailure(this.#header, this.#options, questions, error)
  }

  #flush(): void {
    const questions = this.#answered
    if (questions === noQuestions) return
    const bodies = indexesOf(questions).flatMap((index) => this.#results.get(index) ?? [])
    this.#answered = noQuestions
    this.#results.clear()
    this.#bytes = 0
    sendAnswer(this.#header, this.#options, Status.OK, questions, joinBodies(bodies))
  }
}

function sendFailure(
  header: EnvelopeHeader,
  options: RespondOptions,
  questions: Questions,
  error: MachinesError,
): void {
  // The work may see the deadline before the router does; to the asker that is the same.
  const status = error.code === 'DM_TIMEOUT' ? Status.TIMEOUT : Status.ERROR
  sendAnswer(header, options, status, questions, encodeError(error))
}

/** When the router is gone there is nobody to tell, and the router's other side knows already. */
function sendAnswer(
  { verb, requestId, source }: EnvelopeHeader,
  { self, send }: RespondOptions,
  status: Status,
  questions: Questions,
  body: Uint8Array,
): void {
  const target = { kind: 'endpoint', endpoint: source } as const
  const kind = EnvelopeKind.RESPONSE
  const answer = { kind, verb, status, requestId, source: self, budgetMs: 0, questions, target }
  send(encodeEnvelope(answer, body))
}

function encodeResult(result: unknown): Uint8Array {
  return encodeBody(result, 'result')
}

/** Codecs throw nothing else; should they ever, the asker is told rather than left waiting. */
export function asOwn(error: unknown): MachinesError {
  if (error instanceof MachinesError) return error
  return new MachinesError('DM_INTERNAL', 'an answer could not be made', { cause: error })
}
