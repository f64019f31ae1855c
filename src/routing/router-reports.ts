/** Envelopes that routers write themselves: who will be asked, and what did not work. */

import { formatShards } from '../allocator/shard-lists.js'
import type { ErrorCode } from '../errors.js'
import { MachinesError } from '../errors.js'
import { encodeBody } from './body-codec.js'
import type { Endpoint } from './endpoint.js'
import { EnvelopeKind, Status, type Verb } from './envelope.js'
import { encodeEnvelope, kindOf, statusOf } from './envelope-codec.js'
import { encodeError } from './error-body.js'
import { noQuestions, type Questions } from './questions.js'

/** Whether a router wrote this envelope itself: it is small, and somebody waits to know. */
export function isRouterReport(bytes: Uint8Array): boolean {
  const status = statusOf(bytes)
  const isUndelivered = kindOf(bytes) === EnvelopeKind.UNDELIVERED
  return isUndelivered || status === Status.TIMEOUT || status === Status.OFFLINE
}

/** What identifies a call or message everywhere: its asker and the number the asker gave it. */
export interface CallKey {
  readonly asker: Endpoint
  readonly requestId: number
  readonly verb: Verb
  /** Those of its questions that are spoken of; none for a message. */
  readonly questions: Questions
}

/** Who will be asked; `names` is the body, see name-bodies.ts. */
export function expectReport(call: CallKey, names: Uint8Array): Uint8Array {
  return report(EnvelopeKind.EXPECT, call, call.asker, names)
}

export function faultReport(call: CallKey, error: MachinesError): Uint8Array {
  return report(EnvelopeKind.FAULT, call, call.asker, encodeError(error))
}

/** A SEND that did not reach `ids`; `reporter` is the manager that says so. */
export function undeliveredReport(
  sent: CallKey,
  reporter: Endpoint,
  ids: readonly number[],
  reason: MachinesError,
): Uint8Array {
  const { code, message } = reason
  const body = encodeBody({ instances: formatShards(ids), code, message }, 'report')
  return report(EnvelopeKind.UNDELIVERED, sent, reporter, body)
}

/** The answer of an instance that cannot give one itself, to all of these questions. */
export function answerFor(
  call: CallKey,
  instance: number,
  status: Status,
  code: ErrorCode,
  why: string,
): Uint8Array {
  const body = encodeError(new MachinesError(code, why))
  return envelope(EnvelopeKind.RESPONSE, call, instance, status, body)
}

function report(kind: EnvelopeKind, call: CallKey, source: Endpoint, body: Uint8Array): Uint8Array {
  return envelope(kind, { ...call, questions: noQuestions }, source, Status.NONE, body)
}

function envelope(
  kind: EnvelopeKind,
  { asker, requestId, verb, questions }: CallKey,
  source: Endpoint,
  status: Status,
  body: Uint8Array,
): Uint8Array {
  const target = { kind: 'endpoint', endpoint: asker } as const
  const header = { kind, verb, status, requestId, source, budgetMs: 0, questions, target }
  return encodeEnvelope(header, body)
}
