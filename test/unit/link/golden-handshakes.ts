/** Complete handshakes with fixed keys, nonces and channel bindings, byte for byte. */
import { MachinesError } from '../../../src/errors.js'
import type { Decoded } from '../../../src/link/codec/decoder.js'
import { Encoder } from '../../../src/link/codec/encoder.js'
import { ChildHandshake, type Reception } from '../../../src/link/handshake/child-handshake.js'
import type { Handshake, HandshakeContext } from '../../../src/link/handshake/handshake.js'
import type { ResumeRequest } from '../../../src/link/handshake/messages.js'
import { ParentHandshake } from '../../../src/link/handshake/parent-handshake.js'
import { identityFromSeed, verifySignature } from '../../../src/link/identity.js'

type Side = 'parent' | 'child'

/** One step on the wire: who sends it, what it is, its bytes. */
export interface WireStep {
  readonly from: Side
  readonly what: string
  readonly hex: string
}

export interface HandshakeVector {
  readonly name: string
  /** Ed25519 seeds (RFC 8032 calls them secret keys), hex. */
  readonly parentSeed: string
  readonly childSeed: string
  /** Exported keying material, hex; empty without TLS. */
  readonly channelBinding: string
  readonly secret: string | null
  readonly steps: readonly WireStep[]
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function bytesOf(item: Decoded): string {
  const encoder = new Encoder()
  encoder.push(item)
  return Buffer.concat(encoder.take()).toString('hex')
}

interface HandshakeFacts {
  readonly name: string
  readonly channelBinding: Uint8Array
  readonly secret: string | undefined
  readonly resume: ResumeRequest | undefined
  readonly reception: Reception
}

const seeds = { parent: Buffer.alloc(32, 0x11), child: Buffer.alloc(32, 0x22) }

function context(side: Side, { channelBinding, secret }: HandshakeFacts): HandshakeContext {
  return {
    trust: {
      identity: identityFromSeed(seeds[side]),
      secret,
      trustedKeys: [],
      certificateDemanded: false,
      recall: () => 'known',
      remember: () => {},
      verify: verifySignature,
    },
    range: { min: 1, max: side === 'parent' ? 1 : 2 },
    channelBinding,
    certificate: 'none',
    remote: 'golden',
    nonce: Buffer.alloc(32, side === 'parent' ? 0x33 : 0x44),
  }
}

/** Lets the two twins talk until both are done, or one refuses. */
function handshake(facts: HandshakeFacts): HandshakeVector {
  const parent = new ParentHandshake(context('parent', facts), {
    epoch: 7,
    about: { name: 'berlin' },
    resume: facts.resume,
  })
  const child = new ChildHandshake(context('child', facts), {
    about: null,
    receive: () => facts.reception,
  })
  const steps: WireStep[] = []
  let flying = record(steps, 'parent', parent.begin().send)
  for (let turn: Side = 'child'; flying.length > 0; turn = turn === 'child' ? 'parent' : 'child') {
    flying = record(steps, turn, answers(turn === 'child' ? child : parent, flying))
  }
  return {
    name: facts.name,
    parentSeed: hex(seeds.parent),
    childSeed: hex(seeds.child),
    channelBinding: hex(facts.channelBinding),
    secret: facts.secret ?? null,
    steps,
  }
}

function answers(side: Handshake<unknown>, items: readonly Decoded[]): Decoded[] {
  return items.flatMap((item) => {
    try {
      return [...side.receive(item).send]
    } catch (error) {
      if (!(error instanceof MachinesError)) throw error
      const farewell = side.farewell(error)
      return farewell === undefined ? [] : [farewell]
    }
  })
}

function record(steps: WireStep[], from: Side, items: readonly Decoded[]): readonly Decoded[] {
  for (const item of items) {
    const what = item.kind === 'preface' ? 'preface' : item.name
    steps.push({ from, what, hex: bytesOf(item) })
  }
  return items
}

const session = Buffer.alloc(16, 0x55).toString('base64')
const binding = Buffer.alloc(32, 0x66)
const secret = 'correct horse battery staple'

function welcome(resumed: boolean, received: number): Reception {
  return { accept: true, welcome: { session, resumed, received, about: { running: 3 } } }
}

export function goldenHandshakes(): HandshakeVector[] {
  const fresh = { resume: undefined, reception: welcome(false, 0) }
  return [
    handshake({
      name: 'a new session, over TLS, with a secret',
      channelBinding: binding,
      secret,
      ...fresh,
    }),
    handshake({
      name: 'a new session, without TLS, without a secret',
      channelBinding: new Uint8Array(0),
      secret: undefined,
      ...fresh,
    }),
    handshake({
      name: 'a session that is resumed',
      channelBinding: binding,
      secret,
      resume: { session, received: 41 },
      reception: welcome(true, 17),
    }),
    handshake({
      name: 'a parent that is refused after it has proven who it is',
      channelBinding: binding,
      secret,
      resume: undefined,
      reception: { accept: false, code: 'DM_PARENT_BUSY', reason: 'another parent is served' },
    }),
  ]
}
