/** One RESPONSE, to some questions of a call. */
import type { MachinesError } from '../errors.js'
import type { Endpoint } from './endpoint.js'
import type { EnvelopeHeader } from './envelope.js'
import { EnvelopeKind, Status } from './envelope.js'
import { encodeEnvelope } from './envelope-codec.js'
import { encodeError } from './error-body.js'
import type { Questions } from './questions.js'

export interface Answerer {
  readonly self: Endpoint
  /** To the router of this machine. */
  readonly send: (envelope: Uint8Array) => boolean
  /**
   * Runs something at the end of this turn; what is answered until then travels together. Without it,
   * each answer is sent at once.
   */
  readonly later?: (run: () => void) => void
}

/** When the router is gone there is nobody to tell, and the router's other side knows already. */
export function sendAnswer(
  { verb, requestId, source }: EnvelopeHeader,
  { self, send }: Answerer,
  status: Status,
  questions: Questions,
  body: Uint8Array,
): void {
  const target = { kind: 'endpoint', endpoint: source } as const
  const kind = EnvelopeKind.RESPONSE
  const answer = { kind, verb, status, requestId, source: self, budgetMs: 0, questions, target }
  send(encodeEnvelope(answer, body))
}

/** The same error for all of these questions. */
export function sendFailure(
  header: EnvelopeHeader,
  answerer: Answerer,
  questions: Questions,
  error: MachinesError,
): void {
  // The work may see the deadline before the router does; to the asker that is the same.
  const status = error.code === 'DM_TIMEOUT' ? Status.TIMEOUT : Status.ERROR
  sendAnswer(header, answerer, status, questions, encodeError(error))
}
