/**
 * The child's side: says nothing until a right preface came, then HELLO; checks the parent's proof,
 * asks the layer above whether it is welcome, and proves itself in WELCOME.
 */
import { type ErrorCode, MachinesError } from '../../errors.js'
import type { Decoded } from '../codec/decoder.js'
import { decodeFarewell, farewellError } from '../codec/farewell.js'
import type { Frame } from '../codec/frame-types.js'
import { encodePreface, type Preface } from '../codec/preface.js'
import type { Peer } from '../link.js'
import {
  agreeOnProtocol,
  checkProof,
  frame,
  type Handshake,
  type HandshakeContext,
  type HandshakeStep,
  keyText,
  outOfOrder,
  rejection,
} from './handshake.js'
import {
  decodeIdentify,
  encodeHello,
  encodeWelcome,
  type Identify,
  type ResumeRequest,
  type Welcome,
} from './messages.js'
import { joinProven, makeProof, splitProven, transcriptHash } from './proof.js'

/** What the child makes of a parent that has proven who it is. */
export type Reception =
  | { readonly accept: true; readonly welcome: Welcome }
  | { readonly accept: false; readonly code: ErrorCode; readonly reason: string }

export interface ChildFacts {
  readonly about: unknown
  /** Asked once, when the proof has been found right. */
  receive(peer: Peer, resume: ResumeRequest | undefined): Reception
}

export interface ChildResult {
  readonly peer: Peer
  readonly welcome: Welcome
  readonly resume: ResumeRequest | undefined
}

type State = 'preface' | 'identify' | 'over'

export class ChildHandshake implements Handshake<ChildResult> {
  readonly #context: HandshakeContext
  readonly #facts: ChildFacts
  #state: State = 'preface'
  #protocol = 0
  #parts: readonly Uint8Array[] = []
  /** What an authenticated parent is told beside the code. */
  #reason = ''

  constructor(context: HandshakeContext, facts: ChildFacts) {
    this.#context = context
    this.#facts = facts
  }

  begin(): HandshakeStep<ChildResult> {
    return { send: [] }
  }

  receive(item: Decoded): HandshakeStep<ChildResult> {
    if (item.kind === 'preface') return this.#onPreface(item)
    if (item.name === 'REJECT' && this.#state === 'identify') return this.#onReject(item)
    if (item.name === 'IDENTIFY' && this.#state === 'identify') return this.#onIdentify(item)
    throw outOfOrder()
  }

  farewell(failure: MachinesError): Frame | undefined {
    return this.#state === 'identify' ? rejection(failure.code, this.#reason) : undefined
  }

  #onPreface(theirs: Preface): HandshakeStep<ChildResult> {
    const { range, channelBinding, trust, nonce } = this.#context
    const ours = encodePreface(range)
    try {
      this.#protocol = agreeOnProtocol(range, theirs.range)
    } catch (error) {
      // The parent shall see our range: it is all that it needs to say what is wrong.
      if (error instanceof MachinesError) return { send: [ours], failed: error }
      throw error
    }
    const { about } = this.#facts
    const hello = encodeHello({ key: trust.identity.publicKey, nonce, about })
    this.#parts = [channelBinding, theirs.bytes, ours.bytes, hello]
    this.#state = 'identify'
    return { send: [ours, frame('HELLO', hello)] }
  }

  #onIdentify({ payload }: Frame): HandshakeStep<ChildResult> {
    const proven = splitProven(payload)
    const identify = decodeIdentify(proven.body)
    if (identify.protocol !== this.#protocol) {
      throw new MachinesError('DM_HANDSHAKE_INVALID', 'the parent chose another version', {
        given: String(identify.protocol),
        allowed: String(this.#protocol),
      })
    }
    const parts = [...this.#parts, proven.body]
    const digest = transcriptHash('parent', this.#protocol, parts)
    const { recognisedBy, knownPeer } = checkProof(this.#context, identify.key, digest, proven)
    const peer = this.#peer(identify, recognisedBy)
    const { resume } = identify
    const reception = this.#facts.receive(peer, resume)
    if (!reception.accept) {
      this.#reason = reception.reason
      throw new MachinesError(reception.code, `the parent was refused: ${reception.reason}`)
    }
    if (knownPeer === 'new') this.#context.trust.remember(peer.key)
    const { welcome } = reception
    const answer = this.#welcome(welcome, [...parts, proven.proof])
    this.#state = 'over'
    return { send: [answer], done: { peer, welcome, resume } }
  }

  #peer(identify: Identify, recognisedBy: Peer['recognisedBy']): Peer {
    const { key, epoch, about } = identify
    return { key: keyText(key), epoch, recognisedBy, about, remote: this.#context.remote }
  }

  #welcome(welcome: Welcome, parts: readonly Uint8Array[]): Frame {
    const body = encodeWelcome(welcome)
    const digest = transcriptHash('child', this.#protocol, [...parts, body])
    const proof = makeProof(this.#context.trust, digest)
    return frame('WELCOME', joinProven({ body, proof }))
  }

  #onReject({ payload }: Frame): HandshakeStep<ChildResult> {
    this.#state = 'over'
    const failed = farewellError('the parent refused this manager', decodeFarewell(payload))
    return { send: [], failed }
  }
}
