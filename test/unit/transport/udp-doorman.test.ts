import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { Doorman, type DoormanAnswer } from '../../../src/transport/udp-doorman.js'
import { decodeHello, encodeHello, type Hello } from '../../../src/transport/udp-hello.js'

const key = Buffer.alloc(32, 7)
const token = Buffer.alloc(16, 3)
const from = { host: '10.0.0.1', port: 1000 }
const now = 123_456

function hello(near = 1): Uint8Array {
  return encodeHello({ type: 'hello', token, near })
}

function repliedHello(answer: DoormanAnswer | undefined): Hello {
  const read = answer?.kind === 'reply' ? decodeHello(answer.datagram) : undefined
  if (typeof read !== 'object') throw new Error(`expected a reply, got ${answer?.kind}`)
  return read
}

/** Asks, and gives the question with the cookie that came back. */
function connectAfterHello(doorman: Doorman, near = 1): Uint8Array {
  const { type, cookie } = repliedHello(doorman.answer(hello(near), from, now))
  expect(type).toBe('retry')
  return encodeHello({ type: 'connect', token, near, cookie })
}

describe('Doorman', () => {
  it('answers a question with a cookie, and admits whoever brings it back', () => {
    const doorman = new Doorman(key)
    const answer = doorman.answer(connectAfterHello(doorman), from, now + 50)
    expect(answer).toMatchObject({ kind: 'admit', hello: { near: 1, token } })
  })

  it('keeps nothing: another doorman with the same key admits as well', () => {
    const connect = connectAfterHello(new Doorman(key))
    expect(new Doorman(key).answer(connect, from, now)?.kind).toBe('admit')
    expect(new Doorman(Buffer.alloc(32, 8)).answer(connect, from, now)?.kind).toBe('reply')
  })

  it('gives a new cookie to whoever brings one of somebody else, or too late', () => {
    const doorman = new Doorman(key)
    const connect = connectAfterHello(doorman)
    const forged = Buffer.from(connect)
    forged.writeUInt32BE(2, 24)
    const late = now + 2 * limits.udpCookieLifetimeMs
    const answers = [
      doorman.answer(connect, { ...from, host: '10.0.0.2' }, now),
      doorman.answer(connect, { ...from, port: 1001 }, now),
      doorman.answer(forged, from, now),
      doorman.answer(connect, from, late),
    ]
    expect(answers.map((answer) => repliedHello(answer).type)).toEqual(Array(4).fill('retry'))
  })

  it('admits for at least one lifetime of a cookie, and less than two', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 9), fc.double({ min: 0, max: 1, noNaN: true }), (start, part) => {
        const doorman = new Doorman(key)
        const { cookie } = repliedHello(doorman.answer(hello(), from, start))
        const connect = encodeHello({ type: 'connect', token, near: 1, cookie })
        const within = start + part * limits.udpCookieLifetimeMs
        expect(doorman.answer(connect, from, within)?.kind).toBe('admit')
        const after = start + 2 * limits.udpCookieLifetimeMs
        expect(doorman.answer(connect, from, after)?.kind).toBe('reply')
      }),
    )
  })

  it('never answers an answer, so that no two listeners keep each other busy', () => {
    const doorman = new Doorman(key)
    for (const type of ['retry', 'accept', 'refuse'] as const) {
      for (const version of [1, 2]) {
        const datagram = encodeHello({ type, token, near: 1 })
        datagram[4] = version
        expect(doorman.answer(datagram, from, now)).toBeUndefined()
      }
    }
  })

  it('refuses questions in other versions', () => {
    const datagram = hello()
    datagram[4] = 9
    const answer = new Doorman(key).answer(datagram, from, now)
    expect(repliedHello(answer)).toMatchObject({ type: 'refuse', refusal: 'version', token })
  })

  it('answers with no more bytes than it got, whatever comes', () => {
    const doorman = new Doorman(key)
    const mutated = fc.tuple(fc.nat(47), fc.nat(255)).map(([at, value]) => {
      const datagram = Buffer.from(hello())
      datagram[at] = value
      return new Uint8Array(datagram)
    })
    let time = now
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (datagram) => {
        time += 10
        const answer = doorman.answer(datagram, from, time)
        if (answer?.kind === 'reply') {
          expect(answer.datagram.length).toBeLessThanOrEqual(datagram.length)
        }
        expect(answer?.kind).not.toBe('admit')
      }),
      { numRuns: 5_000 },
    )
  })

  it('falls silent over its rate, but not towards those with a cookie', () => {
    const doorman = new Doorman(key)
    const connect = connectAfterHello(doorman)
    const kinds = Array.from(
      { length: limits.udpRepliesPerSecondMax },
      () => doorman.answer(hello(), from, now)?.kind,
    )
    expect(kinds.filter((kind) => kind === 'reply')).toHaveLength(limits.udpRepliesPerSecondMax - 1)
    expect(doorman.answer(hello(), from, now + 999)).toBeUndefined()
    expect(doorman.answer(connect, from, now + 999)?.kind).toBe('admit')
    expect(doorman.answer(hello(), from, now + 1_000)?.kind).toBe('reply')
  })
})
