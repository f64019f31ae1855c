/**
 * What the two twins `parent-handshake.ts` and `child-handshake.ts` share. Both are pure: pieces
 * that the decoder found go in, pieces to send and an end come out. The shell is `connection.ts`.
 */
import { type ErrorCode, MachinesError } from '../../errors.js'
import type { CertificateVerdict } from '../../transport/secured-connection.js'
import type { Decoded } from '../codec/decoder.js'
import { encodeFarewell } from '../codec/farewell.js'
import type { Frame, FrameName } from '../codec/frame-types.js'
import { highestCommon, type ProtocolRange } from '../codec/preface.js'
import type { Peer } from '../link.js'
import { checkSecret, type Proven, signatureOf } from './proof.js'
import { onFirstUse, recognise, type SecretProof } from './recognise.js'
import type { KnownPeer, LinkTrust } from './trust.js'

export interface HandshakeContext {
  readonly trust: LinkTrust
  readonly range: ProtocolRange
  readonly channelBinding: Uint8Array
  readonly certificate: CertificateVerdict
  /** Address of the peer, for people. */
  readonly remote: string
  /** 32 fresh random bytes. */
  readonly nonce: Uint8Array
}

/** What to do now: send, in this order, and perhaps be done or be over. */
export interface HandshakeStep<Result> {
  readonly send: readonly Decoded[]
  readonly done?: Result
  readonly failed?: MachinesError
}

/** One side of one handshake. `receive` throws a MachinesError at everything it does not accept. */
export interface Handshake<Result> {
  begin(): HandshakeStep<Result>
  receive(item: Decoded): HandshakeStep<Result>
  /** What to tell the peer about a failure, or undefined when it should hear nothing. */
  farewell(failure: MachinesError): Frame | undefined
}

export function frame(name: FrameName, payload: Uint8Array): Frame {
  return { kind: 'frame', name, payload }
}

/** REJECT with a code alone; the reason goes only to a peer that has proven who it is. */
export function rejection(code: ErrorCode, reason = ''): Frame {
  return frame('REJECT', encodeFarewell(code, reason))
}

export function outOfOrder(): MachinesError {
  return new MachinesError('DM_HANDSHAKE_INVALID', 'a handshake message came out of order')
}

/** Throws DM_PROTOCOL_VERSION when the two ranges have nothing in common. */
export function agreeOnProtocol(ours: ProtocolRange, theirs: ProtocolRange): number {
  const protocol = highestCommon(ours, theirs)
  if (protocol === undefined) {
    throw new MachinesError(
      'DM_PROTOCOL_VERSION',
      `there is no protocol version in common: this manager speaks ${inWords(ours)}, the other one ${inWords(theirs)}; the older of the two must be updated`,
      { given: `${theirs.min}..${theirs.max}`, allowed: `${ours.min}..${ours.max}` },
    )
  }
  return protocol
}

function inWords({ min, max }: ProtocolRange): string {
  return min === max ? String(min) : `${min} to ${max}`
}

export function keyText(key: Uint8Array): string {
  return Buffer.from(key).toString('base64')
}

interface Recognised {
  readonly recognisedBy: Peer['recognisedBy']
  readonly knownPeer: KnownPeer | undefined
}

/** Everything that can be said about a peer before its signature is checked. Throws a refusal. */
export function recogniseOrThrow(
  context: HandshakeContext,
  key: Uint8Array,
  secretProof: SecretProof,
): Recognised {
  const { trust, certificate } = context
  if (Buffer.compare(key, trust.identity.publicKey) === 0) {
    throw new MachinesError(
      'DM_IDENTITY_REFUSED',
      'the other side presents our own key: it is this manager, a mirror, or a copy of its state folder',
    )
  }
  const objection = trust.objection?.(keyText(key))
  if (objection !== undefined) throw objection
  const facts = {
    certificate,
    certificateDemanded: trust.certificateDemanded,
    key: keyText(key),
    trustedKeys: trust.trustedKeys,
    secretConfigured: trust.secret !== undefined,
    secretProof,
  }
  const knownPeer = onFirstUse(facts) ? trust.recall(facts.key) : undefined
  const recognition = recognise({ ...facts, knownPeer })
  if (!recognition.accept) {
    throw new MachinesError(
      recognition.code,
      `the other manager was refused: ${recognition.reason}`,
      { given: facts.key },
    )
  }
  return { recognisedBy: recognition.recognisedBy, knownPeer }
}

/** The whole check of a proof, the cheap parts first. Throws a refusal. */
export function checkProof(
  context: HandshakeContext,
  key: Uint8Array,
  digest: Uint8Array,
  { proof }: Proven,
): Recognised {
  const { trust } = context
  const recognised = recogniseOrThrow(context, key, checkSecret(trust.secret, digest, proof))
  if (!trust.verify(key, digest, signatureOf(proof))) {
    throw new MachinesError(
      'DM_IDENTITY_REFUSED',
      'the other manager was refused: its signature does not fit its key and this connection',
    )
  }
  return recognised
}
