import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import { limits } from '../../../../src/limits.js'
import {
  decodeHello,
  decodeIdentify,
  decodeWelcome,
  encodeHello,
  encodeIdentify,
  encodeWelcome,
} from '../../../../src/link/handshake/messages.js'
import { splitProven } from '../../../../src/link/handshake/proof.js'

const key = Buffer.alloc(32, 1)
const nonce = Buffer.alloc(32, 2)
const session = Buffer.alloc(16, 3).toString('base64')
const identify = {
  protocol: 1,
  epoch: 12,
  key: key.toString('base64'),
  nonce: nonce.toString('base64'),
  about: { any: ['thing'] },
}

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return error instanceof MachinesError ? error.code : String(error)
  }
  return 'accepted'
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value))

describe('handshake messages', () => {
  it('come back as they were', () => {
    const resume = { session, received: 3 }
    const full = { ...identify, key, nonce, resume }
    expect(decodeHello(encodeHello({ key, nonce, about: null }))).toEqual({
      key,
      nonce,
      about: null,
    })
    expect(decodeIdentify(encodeIdentify(full))).toEqual(full)
    const welcome = { session, resumed: true, received: 9, about: 'x' }
    expect(decodeWelcome(encodeWelcome(welcome))).toEqual(welcome)
  })

  it('may have fields that are not known yet', () => {
    expect(decodeIdentify(json({ ...identify, later: true })).epoch).toBe(12)
  })

  it.each([
    ['not JSON', Buffer.from('{')],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['an array', json([])],
    ['null', json(null)],
    ['empty', json({})],
    ['a key that is too short', json({ ...identify, key: 'AAAA' })],
    ['a key of another type', json({ ...identify, key: 7 })],
    ['a key in another spelling', json({ ...identify, key: `${identify.key} ` })],
    [
      'a key in base64url',
      json({ ...identify, nonce: Buffer.alloc(32, 255).toString('base64url') }),
    ],
    ['a negative epoch', json({ ...identify, epoch: -1 })],
    ['a broken epoch', json({ ...identify, epoch: 1.5 })],
    ['an epoch beyond 2^53', json({ ...identify, epoch: 2 ** 60 })],
    ['a protocol in words', json({ ...identify, protocol: '1' })],
    ['no about', json({ ...identify, about: undefined })],
    ['a resume that is none', json({ ...identify, resume: true })],
    ['a resume of nothing', json({ ...identify, resume: null })],
    ['a resume without a session', json({ ...identify, resume: { received: 1 } })],
    ['a resume of a bad session', json({ ...identify, resume: { session: 'x', received: 1 } })],
    ['a resume of less than nothing', json({ ...identify, resume: { session, received: -1 } })],
  ])('are refused when %s', (_what, bytes) => {
    expect(codeOf(() => decodeIdentify(bytes))).toBe('DM_HANDSHAKE_INVALID')
  })

  it('are refused by the sender already when the other side would not read them', () => {
    const about = 'x'.repeat(limits.handshakeFrameBytesMax)
    expect(codeOf(() => encodeHello({ key, nonce, about }))).toBe('DM_BODY_TOO_LARGE')
  })

  it('give an object or a MachinesError for any JSON and any bytes', () => {
    const fields = fc.record(
      {
        protocol: fc.jsonValue(),
        epoch: fc.jsonValue(),
        key: fc.oneof(fc.jsonValue(), fc.constant(identify.key)),
        nonce: fc.oneof(fc.jsonValue(), fc.constant(identify.nonce)),
        about: fc.jsonValue(),
        session: fc.oneof(fc.jsonValue(), fc.constant(session)),
        resumed: fc.jsonValue(),
        received: fc.jsonValue(),
        resume: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fields.map(json))
    fc.assert(
      fc.property(bytes, (body) => {
        for (const decode of [decodeHello, decodeIdentify, decodeWelcome, splitProven]) {
          if (body.length < 4) continue
          expect(codeOf(() => decode(body))).toMatch(/^(accepted|DM_HANDSHAKE_INVALID)$/)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
