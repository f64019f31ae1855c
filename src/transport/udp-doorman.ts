/**
 * What a listener answers to datagrams of the hello, before it keeps anything. Pure: time comes in,
 * the answer goes out.
 */
import { limits } from '../limits.js'
import {
  decodeHello,
  encodeHello,
  type Hello,
  type HelloSource,
  isQuestion,
  isSameCookie,
  makeCookie,
  refuseVersion,
} from './udp-hello.js'

export type DoormanAnswer =
  /** Send this back, and forget about it. */
  | { readonly kind: 'reply'; readonly datagram: Uint8Array }
  /** The sender has proven its address: it may have a stream, if there is room for one. */
  | { readonly kind: 'admit'; readonly hello: Hello }

const rateWindowMs = 1_000

export class Doorman {
  readonly #key: Uint8Array
  #windowFrom = Number.NEGATIVE_INFINITY
  #repliesInWindow = 0

  /** @param key 32 random bytes that nobody else knows. */
  constructor(key: Uint8Array) {
    this.#key = key
  }

  /** Undefined: silence. */
  answer(datagram: Uint8Array, from: HelloSource, now: number): DoormanAnswer | undefined {
    const hello = decodeHello(datagram)
    if (hello === undefined) return undefined
    if (hello === 'other version') return this.#reply(now, () => refuseVersion(datagram))
    if (hello.type === 'connect' && this.#isGenuine(hello, from, now)) {
      return { kind: 'admit', hello }
    }
    if (!isQuestion(hello.type)) return undefined
    // A cookie that does not fit may only be too old, so the question begins anew.
    return this.#reply(now, () => {
      const { token, near } = hello
      const cookie = makeCookie(this.#key, hello, from, periodAt(now))
      return encodeHello({ type: 'retry', token, near, cookie })
    })
  }

  #isGenuine(hello: Hello, from: HelloSource, now: number): boolean {
    const period = periodAt(now)
    return [period, period - 1].some((one) =>
      isSameCookie(hello.cookie, makeCookie(this.#key, hello, from, one)),
    )
  }

  /**
   * Whoever forges sender addresses makes us send to others, and costs us time; a bound holds both
   * down. Senders that have proven their address do not stand in this line.
   */
  #reply(now: number, datagram: () => Uint8Array): DoormanAnswer | undefined {
    if (now - this.#windowFrom >= rateWindowMs) {
      this.#windowFrom = now
      this.#repliesInWindow = 0
    }
    if (this.#repliesInWindow >= limits.udpRepliesPerSecondMax) return undefined
    this.#repliesInWindow += 1
    return { kind: 'reply', datagram: datagram() }
  }
}

function periodAt(now: number): number {
  return Math.floor(now / limits.udpCookieLifetimeMs)
}
