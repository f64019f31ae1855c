/** What comes over a link: prefaces, frames, both twins of the handshake, the session. */
import { type Decoded, Decoder } from '../../src/link/codec/decoder.js'
import { Encoder } from '../../src/link/codec/encoder.js'
import { decodeFarewell } from '../../src/link/codec/farewell.js'
import type { Frame } from '../../src/link/codec/frame-types.js'
import {
  decodeCount,
  decodeData,
  decodeHeartbeat,
  decodeHeartbeatAnswer,
} from '../../src/link/codec/payloads.js'
import { ChildHandshake } from '../../src/link/handshake/child-handshake.js'
import type { Handshake, HandshakeContext } from '../../src/link/handshake/handshake.js'
import { decodeHello, decodeIdentify, decodeWelcome } from '../../src/link/handshake/messages.js'
import { ParentHandshake } from '../../src/link/handshake/parent-handshake.js'
import { splitProven } from '../../src/link/handshake/proof.js'
import { Session } from '../../src/link/session.js'
import { cheapTrust } from '../simulation/cheap-trust.js'
import type { FuzzTarget } from './fuzz.js'
import { bytesOf, golden } from './golden-samples.js'
import { inPieces } from './mutate.js'

const preface = Buffer.from('4453434d0101', 'hex')
const frameCodes = ['DM_PREFACE_INVALID', 'DM_FRAME_INVALID', 'DM_FRAME_TOO_LARGE'] as const
const session = Buffer.alloc(16, 5).toString('base64')

/** Pulls everything out of a decoder that is fed with `pieces`. */
function decodeAll(decoder: Decoder, pieces: readonly Buffer[], each: (item: Decoded) => void) {
  for (const piece of pieces) {
    decoder.push(piece)
    for (let item = decoder.next(); item !== undefined; item = decoder.next()) each(item)
  }
}

const decoderTarget: FuzzTarget = {
  name: 'preface and early frames',
  samples: [
    preface,
    ...golden.handshakes.map(({ steps }) => Buffer.concat([preface, ...bytesOf(steps.slice(1))])),
  ],
  weight: 3,
  codes: frameCodes,
  take(input, random) {
    decodeAll(new Decoder(), inPieces(random, input), () => {})
  },
}

const openTarget: FuzzTarget = {
  name: 'frames of an open session',
  samples: [Buffer.concat(bytesOf(golden.session)), ...bytesOf(golden.session)],
  weight: 4,
  codes: frameCodes,
  take(input, random) {
    const decoder = new Decoder()
    decodeAll(decoder, [preface], () => {})
    decoder.open()
    const { inbox, outbox } = new Session()
    for (let n = 0; n < 3; n++) outbox.push(preface)
    while (outbox.next() !== undefined) {}
    decodeAll(decoder, inPieces(random, input), (item) => {
      if (item.kind === 'frame') takeFrame(item, inbox, outbox)
    })
  },
}

function takeFrame({ name, payload }: Frame, inbox: Session['inbox'], outbox: Session['outbox']) {
  if (name === 'DATA') inbox.accept(decodeData(payload))
  else if (name === 'ACK') outbox.confirm(decodeCount(payload))
  else if (name === 'HEARTBEAT') decodeHeartbeat(payload)
  else if (name === 'HEARTBEAT_ACK') decodeHeartbeatAnswer(payload)
  else if (name === 'CLOSE') decodeFarewell(payload)
}

function context(side: 'parent' | 'child'): HandshakeContext {
  return {
    // The secret of the golden file; signatures are cheap, so that a million of them are.
    trust: { ...cheapTrust(side === 'parent' ? 1 : 2), secret: 'a secret of 16 bytes' },
    range: { min: 1, max: 2 },
    channelBinding: Buffer.alloc(32, 3),
    certificate: 'none',
    remote: 'fuzz',
    nonce: Buffer.alloc(32, side === 'parent' ? 4 : 5),
  }
}

function newParent() {
  const resume = { session, received: 3 }
  return new ParentHandshake(context('parent'), { epoch: 7, about: { name: 'berlin' }, resume })
}

function newChild() {
  const welcome = { session, resumed: true, received: 2, about: [1, 2] }
  return new ChildHandshake(context('child'), {
    about: { some: 'words' },
    receive: () => ({ accept: true, welcome }),
  })
}

function encoded(items: readonly Decoded[]): Buffer {
  const encoder = new Encoder()
  for (const item of items) encoder.push(item)
  return Buffer.concat(encoder.take())
}

/** What each side says when nothing is wrong. */
function recordHandshake(): { readonly parent: Buffer; readonly child: Buffer } {
  const [parent, child] = [newParent(), newChild()]
  const first = parent.begin().send
  const hello = first.flatMap((item) => child.receive(item).send)
  const identify = hello.flatMap((item) => parent.receive(item).send)
  const welcome = identify.flatMap((item) => child.receive(item).send)
  return { parent: encoded([...first, ...identify]), child: encoded([...hello, ...welcome]) }
}

const recorded = recordHandshake()

/** Feeds one twin; whoever is accepted must have said, byte for byte, what was recorded. */
function feed(twin: Handshake<unknown>, input: Buffer, right: Buffer, random: () => number) {
  let isDone = false
  const original = Buffer.from(input)
  twin.begin()
  decodeAll(new Decoder(), inPieces(random, input), (item) => {
    if (isDone) return
    const step = twin.receive(item)
    if (step.failed !== undefined) throw step.failed
    isDone = step.done !== undefined
  })
  if (isDone && !original.subarray(0, right.length).equals(right)) {
    throw new Error('a handshake that was tampered with was accepted')
  }
}

const handshakeCodes = [
  ...frameCodes,
  'DM_HANDSHAKE_INVALID',
  'DM_IDENTITY_REFUSED',
  'DM_PROTOCOL_VERSION',
  'DM_LINK_CLOSED',
]
const reject = golden.handshakes.flatMap(({ steps }) =>
  bytesOf(steps.filter(({ what }) => what === 'REJECT')),
)

const childTarget: FuzzTarget = {
  name: 'the handshake of a child',
  samples: [recorded.parent, recorded.parent, Buffer.concat([preface, ...reject])],
  weight: 3,
  codes: [...handshakeCodes, 'DM_PARENT_BUSY'],
  take: (input, random) => feed(newChild(), input, recorded.parent, random),
}

const parentTarget: FuzzTarget = {
  name: 'the handshake of a parent',
  samples: [recorded.child, recorded.child, Buffer.concat([preface, ...reject])],
  weight: 3,
  codes: [...handshakeCodes, 'DM_PARENT_BUSY'],
  take: (input, random) => feed(newParent(), input, recorded.child, random),
}

const bodies = golden.handshakes.flatMap(({ steps }) =>
  bytesOf(steps.filter(({ what }) => ['HELLO', 'IDENTIFY', 'WELCOME'].includes(what))),
)

/** Bodies of WELCOME are read after its proof was checked, so the twins see few mutated ones. */
const messagesTarget: FuzzTarget = {
  name: 'bodies of the handshake',
  samples: bodies.map((frame) => frame.subarray(frame[4] === 1 ? 5 : 9)),
  weight: 1,
  codes: ['DM_HANDSHAKE_INVALID'],
  take(input, random) {
    // Without what follows the JSON: the proof, as long as nothing was cut off before it.
    const body = input.subarray(0, input.lastIndexOf('}') + 1)
    const dice = random()
    if (dice < 0.3) decodeHello(body)
    else if (dice < 0.6) decodeIdentify(body)
    else if (dice < 0.9) decodeWelcome(body)
    else if (input.length >= 4) splitProven(input)
  },
}

export const linkTargets: readonly FuzzTarget[] = [
  messagesTarget,
  decoderTarget,
  openTarget,
  childTarget,
  parentTarget,
]

function isAccepted(twin: Handshake<unknown>, bytes: Buffer): boolean {
  let isDone = false
  twin.begin()
  decodeAll(new Decoder(), [bytes], (item) => {
    isDone = twin.receive(item).done !== undefined
  })
  return isDone
}

/** What was recorded is accepted as it is, or the fuzzing of handshakes would show nothing. */
export function recordedIsAccepted(): boolean {
  return isAccepted(newChild(), recorded.parent) && isAccepted(newParent(), recorded.child)
}
