/** The dialer's half of the hello: asks until the listener has answered with a stream id. */
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import type { Cancel, System } from '../system/system.js'
import { formatAddress } from './address.js'
import type { CarrierAddress } from './carrier.js'
import { decodeHello, encodeHello, type Hello, type Refusal, tokenBytes } from './udp-hello.js'
import type { UdxSocket } from './udx.js'

const refusalTexts: Readonly<Record<Refusal, string>> = {
  full: 'the other side has no room for more connections',
  closing: 'the other side is stopping',
  version: 'the other side speaks another version of the UDP carrier',
}

export interface DialingOptions {
  readonly socket: UdxSocket
  /** As it was dialled, for messages. */
  readonly address: CarrierAddress
  /** The same, resolved. */
  readonly target: CarrierAddress
  /** Stream id of this side. */
  readonly near: number
  readonly system: System
}

/**
 * Resolves with the stream id of the listener. Rejects with DM_DIAL_FAILED when it refuses, or with
 * the signal's reason; nothing else ends it, for silence may be loss.
 */
export function agreeOnStream(options: DialingOptions, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const dialing = new Dialing(options, {
      accepted: (far) => finish(() => resolve(far)),
      refused: (reason) => finish(() => reject(reason)),
    })
    const finish = (settle: () => void) => {
      dialing.stop()
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = () => finish(() => reject(signal.reason))
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    dialing.start()
  })
}

interface DialingEvents {
  accepted(far: number): void
  refused(reason: MachinesError): void
}

class Dialing {
  readonly #options: DialingOptions
  readonly #events: DialingEvents
  readonly #token: Buffer
  #question: Uint8Array
  #hasCookie = false
  #delayMs: number = limits.udpRetryMsMin
  #cancelResend: Cancel = () => {}
  readonly #onMessage = (datagram: Uint8Array): void => {
    const hello = decodeHello(datagram)
    if (typeof hello !== 'object' || !this.#token.equals(hello.token)) return
    if (hello.type === 'retry') this.#onRetry(hello)
    else if (hello.type === 'accept') this.#events.accepted(hello.far)
    else if (hello.type === 'refuse') this.#events.refused(this.#refused(hello))
  }

  constructor(options: DialingOptions, events: DialingEvents) {
    const { system, near } = options
    this.#options = options
    this.#events = events
    this.#token = Buffer.from(system.randomBytes(tokenBytes))
    this.#question = encodeHello({ type: 'hello', token: this.#token, near })
  }

  start(): void {
    this.#options.socket.on('message', this.#onMessage)
    this.#ask()
  }

  stop(): void {
    this.#cancelResend()
    this.#options.socket.off('message', this.#onMessage)
  }

  #ask(): void {
    const { socket, target, system } = this.#options
    socket.trySend(this.#question, target.port, target.host)
    this.#cancelResend = system.setTimer(this.#delayMs, () => this.#ask())
    this.#delayMs = Math.min(this.#delayMs * 2, limits.udpRetryMsMax)
  }

  #onRetry({ cookie }: Hello): void {
    const { near } = this.#options
    this.#question = encodeHello({ type: 'connect', token: this.#token, near, cookie })
    // A second one waits for its time, so that the two sides cannot keep each other busy.
    if (this.#hasCookie) return
    this.#hasCookie = true
    this.#cancelResend()
    this.#delayMs = limits.udpRetryMsMin
    this.#ask()
  }

  #refused({ refusal }: Hello): MachinesError {
    const reason = refusal === undefined ? 'the other side refuses' : refusalTexts[refusal]
    const where = formatAddress(this.#options.address)
    return new MachinesError('DM_DIAL_FAILED', `cannot connect to ${where}: ${reason}`)
  }
}
