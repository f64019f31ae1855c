/** The parent's side: dial, read HELLO, answer IDENTIFY with a proof, check the proof in WELCOME. */
import { MachinesError } from '../../errors.js'
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
  recogniseOrThrow,
  rejection,
} from './handshake.js'
import {
  decodeHello,
  decodeWelcome,
  encodeIdentify,
  type Hello,
  type ResumeRequest,
  type Welcome,
} from './messages.js'
import { joinProven, makeProof, splitProven, transcriptHash } from './proof.js'

export interface ParentFacts {
  readonly epoch: number
  readonly about: unknown
  /** The session to go on with; undefined: a new one. */
  readonly resume: ResumeRequest | undefined
}

export interface ParentResult {
  readonly peer: Peer
  readonly welcome: Welcome
}

type State = 'preface' | 'hello' | 'welcome' | 'over'

export class ParentHandshake implements Handshake<ParentResult> {
  readonly #context: HandshakeContext
  readonly #facts: ParentFacts
  readonly #preface: Preface
  #state: State = 'preface'
  #protocol = 0
  #hello: Hello | undefined
  /** What the proofs cover so far. */
  #parts: readonly Uint8Array[] = []

  constructor(context: HandshakeContext, facts: ParentFacts) {
    this.#context = context
    this.#facts = facts
    this.#preface = encodePreface(context.range)
  }

  begin(): HandshakeStep<ParentResult> {
    return { send: [this.#preface] }
  }

  receive(item: Decoded): HandshakeStep<ParentResult> {
    if (item.kind === 'preface') return this.#onPreface(item)
    if (item.name === 'REJECT') return this.#onReject(item)
    if (item.name === 'HELLO' && this.#state === 'hello') return this.#onHello(item)
    if (item.name === 'WELCOME' && this.#state === 'welcome') return this.#onWelcome(item)
    throw outOfOrder()
  }

  farewell(failure: MachinesError): Frame | undefined {
    return this.#state === 'hello' || this.#state === 'welcome'
      ? rejection(failure.code)
      : undefined
  }

  #onPreface(theirs: Preface): HandshakeStep<ParentResult> {
    const { range, channelBinding } = this.#context
    this.#protocol = agreeOnProtocol(range, theirs.range)
    this.#parts = [channelBinding, this.#preface.bytes, theirs.bytes]
    this.#state = 'hello'
    return { send: [] }
  }

  #onHello({ payload }: Frame): HandshakeStep<ParentResult> {
    const hello = decodeHello(payload)
    // A stranger gets no proof to look at; with a secret that would be something to guess against.
    recogniseOrThrow(this.#context, hello.key, 'pending')
    const { trust, nonce } = this.#context
    const body = encodeIdentify({
      protocol: this.#protocol,
      epoch: this.#facts.epoch,
      key: trust.identity.publicKey,
      nonce,
      about: this.#facts.about,
      resume: this.#facts.resume,
    })
    const parts = [...this.#parts, payload, body]
    const proof = makeProof(trust, transcriptHash('parent', this.#protocol, parts))
    this.#parts = [...parts, proof]
    this.#hello = hello
    this.#state = 'welcome'
    return { send: [frame('IDENTIFY', joinProven({ body, proof }))] }
  }

  #onWelcome({ payload }: Frame): HandshakeStep<ParentResult> {
    const hello = this.#hello
    if (hello === undefined) throw outOfOrder()
    const proven = splitProven(payload)
    const digest = transcriptHash('child', this.#protocol, [...this.#parts, proven.body])
    const { recognisedBy, knownPeer } = checkProof(this.#context, hello.key, digest, proven)
    const welcome = decodeWelcome(proven.body)
    this.#checkSession(welcome)
    const key = keyText(hello.key)
    if (knownPeer === 'new') this.#context.trust.remember(key)
    this.#state = 'over'
    const { remote } = this.#context
    const peer = { key, epoch: 0, recognisedBy, about: hello.about, remote }
    return { send: [], done: { peer, welcome } }
  }

  /** A child can only resume what it was asked to resume. */
  #checkSession({ resumed, session, received }: Welcome): void {
    const asked = this.#facts.resume?.session
    if (resumed ? session === asked : session !== asked && received === 0) return
    throw new MachinesError('DM_HANDSHAKE_INVALID', 'the child resumes another session')
  }

  #onReject({ payload }: Frame): HandshakeStep<ParentResult> {
    if (this.#state === 'preface') throw outOfOrder()
    this.#state = 'over'
    const failed = farewellError('the child refused this manager', decodeFarewell(payload))
    return { send: [], failed }
  }
}
