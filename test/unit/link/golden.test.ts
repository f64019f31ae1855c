import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Decoder } from '../../../src/link/codec/decoder.js'
import { decodeFarewell } from '../../../src/link/codec/farewell.js'
import { frameTypes } from '../../../src/link/codec/frame-types.js'
import { decodeCount, decodeData } from '../../../src/link/codec/payloads.js'
import { Session } from '../../../src/link/session.js'
import {
  parseChildMessage,
  parseParentMessage,
} from '../../../src/modes/machines/control-parser.js'
import { decodeBody } from '../../../src/routing/body-codec.js'
import { EnvelopeKind, Status, Verb } from '../../../src/routing/envelope.js'
import { bodyOf, decodeHeader, encodeEnvelope } from '../../../src/routing/envelope-codec.js'
import { countOf, splitBodies } from '../../../src/routing/questions.js'
import { checkProofs, readFrame } from './golden-peer.js'
import { type Golden, goldenText, goldenValues, goldenVectors } from './golden-vectors.js'

const file = new URL('../../../docs/protocol/golden.json', import.meta.url)
// Bytes that changed are a new protocol version, or a mistake: see docs/protocol/versions.md.
if (process.env.GOLDEN === 'write') writeFileSync(file, goldenText(goldenVectors()))
const written = readFileSync(file, 'utf8')
const golden = JSON.parse(written) as Golden

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}

describe('the golden file', () => {
  it('holds what the code makes, byte for byte', () => {
    expect(written).toBe(goldenText(goldenVectors()))
  })

  it('has every type of frame, every kind and status of envelope, and every tag of body', () => {
    const steps = [...golden.handshakes.flatMap(({ steps: all }) => all), ...golden.session]
    const frames = steps.filter(({ what }) => what !== 'preface')
    const types = new Set(frames.map(({ hex }) => readFrame(hex).type))
    expect([...types].toSorted((a, b) => a - b)).toEqual(Object.values(frameTypes))
    const headers = golden.envelopes.map(({ hex }) => decodeHeader(bytes(hex)))
    expect(new Set(headers.map(({ kind }) => kind))).toEqual(new Set(Object.values(EnvelopeKind)))
    expect(new Set(headers.map(({ status }) => status))).toEqual(new Set(Object.values(Status)))
    expect(new Set(headers.map(({ verb }) => verb))).toEqual(new Set(Object.values(Verb)))
    expect(new Set(headers.map(({ target }) => target.kind)).size).toBe(8)
    const tags = new Set(golden.bodies.map(({ hex }) => bytes(hex)[0]))
    expect(tags).toEqual(new Set([0, 1, 2, 3, 4, 5]))
  })

  it('has proofs that a peer written from the documents alone works out, too', () => {
    const proofs = golden.handshakes.flatMap(checkProofs)
    // The child of the last one refuses, and proves nothing.
    const roles = proofs.map(({ role }) => role).join(' ')
    expect(roles).toBe('parent child parent child parent child parent')
    for (const { sent, expected, signatureFits } of proofs) {
      expect(sent).toBe(expected)
      expect(signatureFits).toBe(true)
    }
  })

  it('has proofs that cover every byte of the handshake', () => {
    const [first] = golden.handshakes
    if (first === undefined) throw new Error('no handshake')
    const other = { ...first, channelBinding: '77'.repeat(32) }
    expect(checkProofs(other).map(({ signatureFits }) => signatureFits)).toEqual([false, false])
    const steps = first.steps.map((step) =>
      step.what === 'preface' ? { ...step, hex: `${step.hex.slice(0, -2)}09` } : step,
    )
    expect(checkProofs({ ...first, steps }).some(({ signatureFits }) => signatureFits)).toBe(false)
  })

  it('has a session that can be read back', () => {
    const heard = { parent: hear('child'), child: hear('parent') }
    expect(heard.child.messages).toEqual(['hello', 'a large message!'])
    expect(heard.parent.messages).toEqual([''])
    expect(heard.parent.confirmed).toEqual([1, 4])
    expect(heard.child.confirmed).toEqual([1])
    expect(heard.child.goodbye).toEqual({ code: 'DM_STOPPED', reason: 'the manager is stopping' })
  })

  it('has envelopes and link messages that can be read back', () => {
    for (const { hex } of golden.envelopes) {
      const header = decodeHeader(bytes(hex))
      const again = encodeEnvelope(header, bodyOf(bytes(hex)))
      expect(Buffer.from(again).toString('hex')).toBe(hex)
      // What asks or answers nothing has one body all the same.
      const count = Math.max(1, countOf(header.questions))
      const bodies = splitBodies(bodyOf(bytes(hex)), count)
      expect(bodies.map(decodeBody)).toEqual(Array.from({ length: count }, () => 'ping'))
    }
    const [stop, started] = golden.linkMessages.map(({ hex }) => bytes(hex))
    expect(parseParentMessage(stop ?? bytes(''))).toMatchObject({ op: 'stop' })
    expect(parseChildMessage(started ?? bytes(''))).toEqual({ op: 'started', revision: 3 })
  })

  it('has bodies that can be read back', () => {
    const values = golden.bodies.map(({ hex }) => decodeBody(bytes(hex)))
    expect(values).toEqual(goldenValues)
  })
})

/** What the other side makes of the frames that `from` sends. */
function hear(from: 'parent' | 'child') {
  const decoder = new Decoder()
  decoder.push(bytes(golden.prefaces[0]?.hex ?? ''))
  decoder.next()
  decoder.open()
  const { inbox } = new Session()
  const messages: string[] = []
  const confirmed: number[] = []
  let goodbye: unknown
  for (const step of golden.session.filter((one) => one.from === from)) {
    decoder.push(bytes(step.hex))
    const item = decoder.next()
    if (item?.kind !== 'frame') throw new Error(`${step.what} is no frame`)
    if (item.name === 'ACK') confirmed.push(decodeCount(item.payload))
    if (item.name === 'CLOSE') goodbye = decodeFarewell(item.payload)
    if (item.name !== 'DATA') continue
    const message = inbox.accept(decodeData(item.payload))
    if (message !== undefined) messages.push(Buffer.from(message).toString())
  }
  return { messages, confirmed, goodbye }
}
