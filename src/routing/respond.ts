/** The one answer that each question of a REQUEST gets, whatever the code that answers it does. */
import { MachinesError } from '../errors.js'
import { encodeBody } from './body-codec.js'
import { type EnvelopeHeader, Status } from './envelope.js'
import { GatheredAnswers } from './gathered-answers.js'
import { countOf, splitBodies } from './questions.js'
import { type Answerer, sendAnswer, sendFailure } from './send-answer.js'

export interface RespondOptions extends Answerer {
  /** Default: encodeBody. What it throws is the answer. */
  readonly encode?: (result: unknown) => Uint8Array
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

/**
 * What most calls are: one question, whose answer waits for nobody. A way of its own, as each function
 * of the other one is cold between two wake-ups, and all of them together take microseconds.
 */
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
  const answers = new GatheredAnswers(header, options)
  const { encode = encodeResult } = options
  const answer = async (index: number, asked: Uint8Array): Promise<void> => {
    try {
      answers.add(index, encode(await work(asked)))
    } catch (error) {
      answers.fail(index, asOwn(error))
    }
  }
  try {
    for (const [index, asked] of splitBodies(body, count).entries()) void answer(index, asked)
  } catch (error) {
    sendFailure(header, options, header.questions, asOwn(error))
  }
}

function encodeResult(result: unknown): Uint8Array {
  return encodeBody(result, 'result')
}

/** Codecs throw nothing else; should they ever, the asker is told rather than left waiting. */
export function asOwn(error: unknown): MachinesError {
  if (error instanceof MachinesError) return error
  return new MachinesError('DM_INTERNAL', 'an answer could not be made', { cause: error })
}
