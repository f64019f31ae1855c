/**
 * Envelopes as bytes; the layout stands in `envelope.ts`. Routers read headers and copy bodies, they
 * never open them. Everything that is not exactly what `encodeEnvelope` writes is refused.
 */
import { readU32, writeU32 } from '../big-endian.js'
import type { Endpoint } from './endpoint.js'
import type { EnvelopeHeader } from './envelope.js'
import { EnvelopeKind, Status, Verb } from './envelope.js'
import { areFromFirst } from './questions.js'
import type { ResolvedTarget } from './resolved-target.js'
import {
  decodeTarget,
  invalidEnvelope,
  targetBytes,
  targetKindCode,
  writeTarget,
} from './target-codec.js'

const fixedBytes = 24
const verbOffset = 1
const statusOffset = 2
const targetKindOffset = 3
const requestIdOffset = 4
const sourceOffset = 8
const budgetOffset = 12
const questionsOffset = 16
const targetBytesOffset = 20

/** One envelope; throws DM_ENVELOPE_INVALID when its target is over the limits. */
export function encodeEnvelope(header: EnvelopeHeader, body: Uint8Array): Uint8Array {
  const { kind, verb, status, requestId, source, budgetMs, questions, target } = header
  const bytes = withTarget(target, body)
  bytes[0] = kind
  bytes[verbOffset] = verb
  bytes[statusOffset] = status
  writeU32(bytes, requestIdOffset, requestId)
  writeU32(bytes, sourceOffset, source)
  writeU32(bytes, budgetOffset, budgetMs)
  writeU32(bytes, questionsOffset, questions)
  return bytes
}

/** The header, without a look at the body; throws DM_ENVELOPE_INVALID and nothing else. */
export function decodeHeader(bytes: Uint8Array): EnvelopeHeader {
  const bodyStart = bodyOffset(bytes)
  // By index: taken apart as a list, each of these would be a step of an iterator.
  const kind = bytes[0]
  const verb = bytes[verbOffset]
  const status = bytes[statusOffset]
  if (!isKind(kind) || !isVerb(verb) || !isStatus(status)) {
    throw invalidEnvelope(`unknown kind ${kind}, verb ${verb} or status ${status}`)
  }
  const header: EnvelopeHeader = {
    kind,
    verb,
    status,
    requestId: readU32(bytes, requestIdOffset),
    source: readU32(bytes, sourceOffset),
    budgetMs: readU32(bytes, budgetOffset),
    questions: readU32(bytes, questionsOffset),
    target: decodeTarget(bytes[targetKindOffset] ?? 0, bytes, fixedBytes, bodyStart),
  }
  checkCombination(header)
  return header
}

/** The first byte of a header, for whoever needs no more of it; undefined for what is none. */
export function kindOf(bytes: Uint8Array): EnvelopeKind | undefined {
  const kind = bytes[0]
  return isKind(kind) ? kind : undefined
}

/** The second byte of a header; undefined for what is none. */
export function verbOf(bytes: Uint8Array): Verb | undefined {
  const verb = bytes[verbOffset]
  return isVerb(verb) ? verb : undefined
}

/** The third byte of a header; undefined for what is none. */
export function statusOf(bytes: Uint8Array): Status | undefined {
  const status = bytes[statusOffset]
  return isStatus(status) ? status : undefined
}

/** The body as a view on the envelope. */
export function bodyOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bodyOffset(bytes))
}

/** A copy with another target, and another source where one is given; the body is copied unread. */
export function retarget(bytes: Uint8Array, target: ResolvedTarget, source?: Endpoint): Uint8Array {
  const copy = withTarget(target, bodyOf(bytes))
  for (let at = 0; at < targetBytesOffset; at += 1) {
    if (at !== targetKindOffset) copy[at] = bytes[at] ?? 0
  }
  if (source !== undefined) writeU32(copy, sourceOffset, source)
  return copy
}

/** The same envelope with its true source: the bytes themselves where they already say so. */
export function withSource(bytes: Uint8Array, source: Endpoint): Uint8Array {
  if (readU32(bytes, sourceOffset) === source) return bytes
  const copy = new Uint8Array(bytes)
  writeU32(copy, sourceOffset, source)
  return copy
}

/** Memory for an envelope with its target and body in it; the rest of the header is to be written. */
function withTarget(target: ResolvedTarget, body: Uint8Array): Buffer {
  const length = targetBytes(target)
  const bytes = Buffer.allocUnsafe(fixedBytes + length + body.length)
  bytes[targetKindOffset] = targetKindCode(target)
  writeU32(bytes, targetBytesOffset, length)
  writeTarget(target, bytes, fixedBytes)
  bytes.set(body, fixedBytes + length)
  return bytes
}

function bodyOffset(bytes: Uint8Array): number {
  if (bytes.length < fixedBytes) throw invalidEnvelope(`${bytes.length} bytes are too few`)
  const offset = fixedBytes + readU32(bytes, targetBytesOffset)
  if (offset > bytes.length) throw invalidEnvelope('the target is longer than the envelope')
  return offset
}

/** What each kind may carry, so that no router has to ask again. */
function checkCombination({ kind, verb, status, questions, target }: EnvelopeHeader): void {
  const oneWay = kind === EnvelopeKind.SEND || kind === EnvelopeKind.UNDELIVERED
  const asks = kind === EnvelopeKind.SEND || kind === EnvelopeKind.REQUEST
  const answers = kind === EnvelopeKind.RESPONSE
  const isOneWayVerb = verb === Verb.MESSAGE || verb === Verb.TELL
  const verbFits = oneWay === isOneWayVerb
  if (!verbFits) throw invalidEnvelope(`verb ${verb} does not fit kind ${kind}`)
  const statusFits = answers ? status !== Status.NONE : status === Status.NONE
  if (!statusFits) throw invalidEnvelope(`status ${status} does not fit kind ${kind}`)
  const questionsFit =
    kind === EnvelopeKind.REQUEST ? areFromFirst(questions) : answers === questions > 0
  if (!questionsFit) throw invalidEnvelope(`questions ${questions} do not fit kind ${kind}`)
  // Only answers and reports go to an endpoint, and they go nowhere else.
  const targetFits = asks !== (target.kind === 'endpoint')
  // The manager is told things; there is nobody in it to answer.
  const mayBeManager = kind === EnvelopeKind.SEND
  if (!targetFits || (target.kind === 'manager' && !mayBeManager)) {
    throw invalidEnvelope(`target '${target.kind}' does not fit kind ${kind}`)
  }
}

const kinds: readonly unknown[] = Object.values(EnvelopeKind)
const verbs: readonly unknown[] = Object.values(Verb)
const statuses: readonly unknown[] = Object.values(Status)

function isKind(byte: unknown): byte is EnvelopeKind {
  return kinds.includes(byte)
}

function isVerb(byte: unknown): byte is Verb {
  return verbs.includes(byte)
}

function isStatus(byte: unknown): byte is Status {
  return statuses.includes(byte)
}
