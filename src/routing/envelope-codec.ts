/**
 * Envelopes as bytes; the layout stands in `envelope.ts`. Routers read headers and copy bodies, they
 * never open them. Everything that is not exactly what `encodeEnvelope` writes is refused.
 */
import type { Endpoint } from './endpoint.js'
import type { EnvelopeHeader } from './envelope.js'
import { EnvelopeKind, Status, Verb } from './envelope.js'
import type { ResolvedTarget } from './resolved-target.js'
import { decodeTarget, encodeTarget, invalidEnvelope, targetKindCode } from './target-codec.js'

const fixedBytes = 20
const statusOffset = 2
const targetKindOffset = 3
const requestIdOffset = 4
const sourceOffset = 8
const budgetOffset = 12
const targetBytesOffset = 16

/** One envelope; throws DM_ENVELOPE_INVALID when its target is over the limits. */
export function encodeEnvelope(header: EnvelopeHeader, body: Uint8Array): Uint8Array {
  const target = encodeTarget(header.target)
  const bytes = Buffer.allocUnsafe(fixedBytes + target.length + body.length)
  bytes[0] = header.kind
  bytes[1] = header.verb
  bytes[statusOffset] = header.status
  bytes[targetKindOffset] = targetKindCode(header.target)
  bytes.writeUInt32BE(header.requestId, requestIdOffset)
  bytes.writeUInt32BE(header.source, sourceOffset)
  bytes.writeUInt32BE(header.budgetMs, budgetOffset)
  bytes.writeUInt32BE(target.length, targetBytesOffset)
  bytes.set(target, fixedBytes)
  bytes.set(body, fixedBytes + target.length)
  return bytes
}

/** The header, without a look at the body; throws DM_ENVELOPE_INVALID and nothing else. */
export function decodeHeader(bytes: Uint8Array): EnvelopeHeader {
  const bodyStart = bodyOffset(bytes)
  const view = viewOf(bytes)
  const [kind, verb, status] = bytes
  if (!isKind(kind) || !isVerb(verb) || !isStatus(status)) {
    throw invalidEnvelope(`unknown kind ${kind}, verb ${verb} or status ${status}`)
  }
  const header: EnvelopeHeader = {
    kind,
    verb,
    status,
    requestId: view.getUint32(requestIdOffset),
    source: view.getUint32(sourceOffset),
    budgetMs: view.getUint32(budgetOffset),
    target: decodeTarget(bytes[targetKindOffset] ?? 0, bytes.subarray(fixedBytes, bodyStart)),
  }
  checkCombination(header)
  return header
}

/** The body as a view on the envelope. */
export function bodyOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bodyOffset(bytes))
}

/** A copy with another target, and another source where one is given; the body is copied unread. */
export function retarget(bytes: Uint8Array, target: ResolvedTarget, source?: Endpoint): Uint8Array {
  const body = bodyOf(bytes)
  const section = encodeTarget(target)
  const copy = Buffer.allocUnsafe(fixedBytes + section.length + body.length)
  copy.set(bytes.subarray(0, fixedBytes))
  copy.set(section, fixedBytes)
  copy.set(body, fixedBytes + section.length)
  copy[targetKindOffset] = targetKindCode(target)
  copy.writeUInt32BE(section.length, targetBytesOffset)
  if (source !== undefined) copy.writeUInt32BE(source, sourceOffset)
  return copy
}

/** The same envelope with its true source: the bytes themselves where they already say so. */
export function withSource(bytes: Uint8Array, source: Endpoint): Uint8Array {
  if (viewOf(bytes).getUint32(sourceOffset) === source) return bytes
  const copy = new Uint8Array(bytes)
  viewOf(copy).setUint32(sourceOffset, source)
  return copy
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function bodyOffset(bytes: Uint8Array): number {
  if (bytes.length < fixedBytes) throw invalidEnvelope(`${bytes.length} bytes are too few`)
  const offset = fixedBytes + viewOf(bytes).getUint32(targetBytesOffset)
  if (offset > bytes.length) throw invalidEnvelope('the target is longer than the envelope')
  return offset
}

/** Which verbs, targets and statuses each kind may carry, so that no router has to ask again. */
function checkCombination({ kind, verb, status, target }: EnvelopeHeader): void {
  const oneWay = kind === EnvelopeKind.SEND || kind === EnvelopeKind.UNDELIVERED
  const asks = kind === EnvelopeKind.SEND || kind === EnvelopeKind.REQUEST
  const answers = kind === EnvelopeKind.RESPONSE
  const isOneWayVerb = verb === Verb.MESSAGE || verb === Verb.TELL
  const verbFits = oneWay === isOneWayVerb
  if (!verbFits) throw invalidEnvelope(`verb ${verb} does not fit kind ${kind}`)
  const statusFits = answers ? status !== Status.NONE : status === Status.NONE
  if (!statusFits) throw invalidEnvelope(`status ${status} does not fit kind ${kind}`)
  // Only answers and reports go to an endpoint, and they go nowhere else.
  const targetFits = asks !== (target.kind === 'endpoint')
  // The manager is told things; there is nobody in it to answer.
  const mayBeManager = kind === EnvelopeKind.SEND
  if (!targetFits || (target.kind === 'manager' && !mayBeManager)) {
    throw invalidEnvelope(`target '${target.kind}' does not fit kind ${kind}`)
  }
}

const kinds = new Set<unknown>(Object.values(EnvelopeKind))
const verbs = new Set<unknown>(Object.values(Verb))
const statuses = new Set<unknown>(Object.values(Status))

function isKind(byte: unknown): byte is EnvelopeKind {
  return kinds.has(byte)
}

function isVerb(byte: unknown): byte is Verb {
  return verbs.has(byte)
}

function isStatus(byte: unknown): byte is Status {
  return statuses.has(byte)
}
