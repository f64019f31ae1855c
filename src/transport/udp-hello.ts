/**
 * How two sides of the UDP carrier agree on a stream before there is one, as `docs/protocol/udp.md`
 * tells it. Pure: the bytes, and the cookie that proves an address.
 *
 * The idea is that of QUIC's Retry (RFC 9000, 8.1.2) and DTLS's HelloVerifyRequest (RFC 6347,
 * 4.2.1): whoever asks must first show that datagrams to its address reach it. Until then the
 * listener keeps nothing, and as all datagrams are of one size it never sends more than it got, so
 * that nobody can turn it against a third party with a forged sender address.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { System } from '../system/system.js'

const helloVersion = 1

/** Size of every datagram of the hello. */
export const helloBytes = 48
export const tokenBytes = 16
export const cookieBytes = 16

/** `hello` and `connect` are sent by the side that dials, the others by the one that listens. */
const types = ['hello', 'retry', 'connect', 'accept', 'refuse'] as const
export type HelloType = (typeof types)[number]

/** Why a listener refuses; by place, and 0 is nothing. New ones go to the end. */
const refusals = ['full', 'closing', 'version'] as const
export type Refusal = (typeof refusals)[number]

export interface Hello {
  readonly type: HelloType
  /** `refuse`: why. Undefined there too when this version does not know the reason. */
  readonly refusal?: Refusal | undefined
  /** Random, chosen by the dialer: an answer that bears it comes from somebody who got the question. */
  readonly token: Uint8Array
  /** Stream id of the dialer. */
  readonly near: number
  /** `accept`: stream id of the listener. Else 0. */
  readonly far: number
  /** `retry` and `connect`: the cookie. Else zeros. */
  readonly cookie: Uint8Array
}

/** Not the 0xff that packets of udx begin with. */
const magic = Buffer.from('DSCU', 'latin1')

const at = { version: 4, type: 5, refusal: 6, token: 8, near: 24, far: 28, cookie: 32 } as const

const noCookie: Uint8Array = new Uint8Array(cookieBytes)

export function encodeHello(
  hello: Pick<Hello, 'type' | 'token' | 'near'> & Partial<Hello>,
): Uint8Array {
  const bytes = Buffer.alloc(helloBytes)
  magic.copy(bytes)
  bytes[at.version] = helloVersion
  bytes[at.type] = types.indexOf(hello.type) + 1
  bytes[at.refusal] = hello.refusal === undefined ? 0 : refusals.indexOf(hello.refusal) + 1
  bytes.set(hello.token, at.token)
  bytes.writeUInt32BE(hello.near, at.near)
  bytes.writeUInt32BE(hello.far ?? 0, at.far)
  bytes.set(hello.cookie ?? noCookie, at.cookie)
  return bytes
}

/**
 * Undefined: not one of ours, and worth no answer. `other version`: a question that can be refused,
 * because magic, type and token stand at the same places in all versions. The parts are copies.
 */
export function decodeHello(datagram: Uint8Array): Hello | 'other version' | undefined {
  const bytes = Buffer.from(datagram)
  if (bytes.length < helloBytes || magic.compare(bytes, 0, magic.length) !== 0) return undefined
  const type = types[(bytes[at.type] ?? 0) - 1]
  if (type === undefined) return undefined
  if (bytes[at.version] !== helloVersion) return isQuestion(type) ? 'other version' : undefined
  if (bytes.length !== helloBytes) return undefined
  return {
    type,
    refusal: refusals[(bytes[at.refusal] ?? 0) - 1],
    token: bytes.subarray(at.token, at.token + tokenBytes),
    near: bytes.readUInt32BE(at.near),
    far: bytes.readUInt32BE(at.far),
    cookie: bytes.subarray(at.cookie, at.cookie + cookieBytes),
  }
}

/** Only these are ever answered, or two listeners could be made to answer each other for ever. */
export function isQuestion(type: HelloType): boolean {
  return type === 'hello' || type === 'connect'
}

/** The answer to a question in another version. */
export function refuseVersion(question: Uint8Array): Uint8Array {
  return encodeHello({
    type: 'refuse',
    refusal: 'version',
    token: question.subarray(at.token, at.token + tokenBytes),
    near: 0,
  })
}

/** Where a datagram came from, as the socket says. */
export interface HelloSource {
  readonly host: string
  readonly port: number
}

/** What only the listener can make, and only for this sender, question and stretch of time. */
export function makeCookie(
  key: Uint8Array,
  { token, near }: Pick<Hello, 'token' | 'near'>,
  { host, port }: HelloSource,
  period: number,
): Uint8Array {
  const numbers = Buffer.alloc(16)
  numbers.writeDoubleBE(period, 0)
  numbers.writeUInt32BE(port, 8)
  numbers.writeUInt32BE(near, 12)
  // Numbers and token are of fixed length, so nothing can be moved between them and the host.
  const mac = createHmac('sha256', key).update(numbers).update(token).update(host)
  return mac.digest().subarray(0, cookieBytes)
}

export function isSameCookie(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** A new stream id. It is random, because guessing it is all it takes to disturb a stream. */
export function newStreamId(system: System): number {
  return Buffer.from(system.randomBytes(4)).readUInt32BE()
}
