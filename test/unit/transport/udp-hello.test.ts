import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cookieBytes,
  decodeHello,
  encodeHello,
  type Hello,
  helloBytes,
  makeCookie,
  newStreamId,
  refuseVersion,
  tokenBytes,
} from '../../../src/transport/udp-hello.js'
import { VirtualSystem } from '../../support/virtual-system.js'

const token = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const cookie = Buffer.from('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff', 'hex')

const id = fc.nat({ max: 0xffff_ffff })
const anyHello: fc.Arbitrary<Hello> = fc.record({
  type: fc.constantFrom('hello', 'retry', 'connect', 'accept', 'refuse'),
  refusal: fc.constantFrom('full', 'closing', 'version', undefined),
  token: fc.uint8Array({ minLength: tokenBytes, maxLength: tokenBytes }),
  near: id,
  far: id,
  cookie: fc.uint8Array({ minLength: cookieBytes, maxLength: cookieBytes }),
})

const page = readFileSync(new URL('../../../docs/protocol/udp.md', import.meta.url), 'utf8')
const example = page.split('\n').filter((line) => line.startsWith('44534355 '))

function hexOf(hello: Parameters<typeof encodeHello>[0]): string {
  return Buffer.from(encodeHello(hello)).toString('hex')
}

describe('a datagram of the hello', () => {
  it('has the bytes that the protocol page shows', () => {
    expect(example.map((line) => line.replace(/ {3}.*$/, '').replaceAll(' ', ''))).toEqual([
      hexOf({ type: 'hello', token, near: 0xdeadbeef }),
      hexOf({ type: 'retry', token, near: 1, cookie }),
      hexOf({ type: 'accept', token, near: 1, far: 2 }),
      hexOf({ type: 'refuse', refusal: 'closing', token, near: 1 }),
    ])
  })

  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyHello, (hello) => {
        const bytes = encodeHello(hello)
        expect(bytes).toHaveLength(helloBytes)
        const read = decodeHello(bytes)
        expect(read).toEqual({
          ...hello,
          token: Buffer.from(hello.token),
          cookie: Buffer.from(hello.cookie),
        })
      }),
    )
  })

  it('is not found in anything else, and nothing makes the decoder throw', () => {
    fc.assert(
      fc.property(anyHello, fc.nat(helloBytes * 8 - 1), fc.nat(80), (hello, bit, length) => {
        const bytes = Buffer.from(encodeHello(hello))
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const read = decodeHello(bytes)
        if (bit < 32) expect(read).toBeUndefined()
        const cut = Buffer.alloc(length)
        bytes.copy(cut)
        if (length < helloBytes) expect(decodeHello(cut)).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decodeHello(bytes)).toBeUndefined()
      }),
    )
  })

  it('keeps its parts when the buffer it came in is used again', () => {
    const bytes = encodeHello({ type: 'hello', token, near: 1 })
    const read = decodeHello(bytes)
    bytes.fill(0)
    expect(read).toMatchObject({ token })
  })

  it('of another version is recognised if it is a question, and can be refused', () => {
    const question = encodeHello({ type: 'hello', token, near: 7 })
    question[4] = 2
    expect(decodeHello(question)).toBe('other version')
    expect(decodeHello(refuseVersion(question))).toMatchObject({
      type: 'refuse',
      refusal: 'version',
      token,
    })
    const larger = Buffer.concat([question, Buffer.alloc(20)])
    expect(decodeHello(larger)).toBe('other version')
    const answer = encodeHello({ type: 'refuse', token, near: 7 })
    answer[4] = 2
    expect(decodeHello(answer)).toBeUndefined()
  })
})

describe('a cookie', () => {
  const key = Buffer.alloc(32, 1)
  const question = { token, near: 9 }
  const from = { host: '10.0.0.1', port: 1000 }
  const right = makeCookie(key, question, from, 5)

  it('is the same for the same question of the same sender at the same time', () => {
    expect(makeCookie(key, { ...question }, { ...from }, 5)).toEqual(right)
    expect(right).toHaveLength(cookieBytes)
  })

  it('is another one when anything is different', () => {
    const others = [
      makeCookie(Buffer.alloc(32, 2), question, from, 5),
      makeCookie(key, { ...question, token: cookie }, from, 5),
      makeCookie(key, { ...question, near: 10 }, from, 5),
      makeCookie(key, question, { ...from, host: '10.0.0.2' }, 5),
      makeCookie(key, question, { ...from, port: 1001 }, 5),
      makeCookie(key, question, from, 6),
    ]
    const all = [right, ...others].map((one) => Buffer.from(one).toString('hex'))
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('stream ids', () => {
  it('take the whole range', () => {
    const system = new VirtualSystem(1)
    const ids = Array.from({ length: 1_000 }, () => newStreamId(system))
    expect(Math.max(...ids)).toBeGreaterThan(0xf000_0000)
    expect(Math.min(...ids)).toBeLessThan(0x1000_0000)
    expect(new Set(ids).size).toBe(1_000)
  })
})
