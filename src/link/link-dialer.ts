/** The parent's end of a link: dials until closed, and goes on where a broken connection stopped. */
import { type ErrorCode, MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import { managerDebug } from '../system/manager-debug.js'
import type { Cancel } from '../system/system.js'
import { formatAddress } from '../transport/address.js'
import type { Carrier, CarrierAddress, RawConnection } from '../transport/carrier.js'
import type { Connection, ConnectionUser } from './connection.js'
import { type Attempt, asMachinesError, establish, type LinkSetup } from './establish.js'
import { ParentHandshake, type ParentResult } from './handshake/parent-handshake.js'
import type { DialEvents, Importance, Link, LinkHealth, Message, Peer } from './link.js'
import { LinkEndpoint } from './link-endpoint.js'
import { Reconnect, type RedialPace } from './reconnect.js'

export interface DialOptions extends LinkSetup {
  readonly carrier: Carrier
  readonly address: CarrierAddress
  /** Grows with every start of a parent; a child refuses an older one than it has seen. */
  readonly epoch: number
  /** What this parent says about itself in IDENTIFY; JSON, asked anew for each attempt. */
  about(): unknown
  /** How soon broken connections are dialled again. Default: 250 ms, up to limits.redialDelayMsMax. */
  readonly redial?: RedialPace
  readonly events: DialEvents
}

export interface DialedLink extends Link {
  /** Begins to dial; once. After close() it does nothing. */
  start(): void
}

/** Refusals that time alone will hardly cure: dialled again at the slowest pace only. */
const fatalCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DM_IDENTITY_REFUSED',
  'DM_IDENTITY_CHANGED',
  'DM_CERTIFICATE_REFUSED',
  'DM_PREFACE_INVALID',
  'DM_PROTOCOL_VERSION',
  'DM_EPOCH_OLD',
  'DM_PARENT_BUSY',
])

const debug = managerDebug('discordoo:machines:link:dialer')

/** A link that is dialled by this side. It does nothing before `start()`. */
export function dialLink(options: DialOptions): DialedLink {
  return new Dialer(options)
}

class Dialer implements DialedLink {
  readonly #options: DialOptions
  readonly #endpoint: LinkEndpoint
  readonly #reconnect: Reconnect
  #started = false
  #attempt: Attempt | undefined
  #cancelRedial: Cancel = () => {}

  constructor(options: DialOptions) {
    this.#options = options
    this.#reconnect = new Reconnect(options.redial)
    this.#endpoint = new LinkEndpoint({
      setup: options,
      afterLostSession: 'renew',
      owner: () => options.events,
      broken: () => this.#onBroken(),
      ended: () => this.#stopDialling(),
    })
  }

  get peer(): Peer | undefined {
    return this.#endpoint.peer
  }

  get isUp(): boolean {
    return this.#endpoint.isUp
  }

  get isOpen(): boolean {
    return this.#endpoint.isOpen
  }

  get backlogBytes(): number {
    return this.#endpoint.backlogBytes
  }

  get health(): LinkHealth {
    return this.#endpoint.health
  }

  send(message: Message, importance?: Importance): boolean {
    return this.#endpoint.send(message, importance)
  }

  ready(): Promise<void> {
    return this.#endpoint.ready()
  }

  close(code: ErrorCode, reason: string): Promise<void> {
    return this.#endpoint.close(code, reason)
  }

  start(): void {
    if (this.#started || !this.#endpoint.isOpen) return
    this.#started = true
    this.#dial()
  }

  #dial(): void {
    const { system, carrier, address } = this.#options
    const controller = new AbortController()
    const abort = (reason: MachinesError) => {
      controller.abort(reason)
      failed(reason)
    }
    const cancelDeadline = system.setTimer(limits.dialAttemptTimeoutMs, () =>
      abort(new MachinesError('DM_DIAL_TIMEOUT', `${formatAddress(address)} does not answer`)),
    )
    const attempt = { abort }
    const failed = (reason: MachinesError) => {
      cancelDeadline()
      this.#onFailed(attempt, reason)
    }
    this.#attempt = attempt
    carrier.dial(address, controller.signal).then(
      (raw) => {
        cancelDeadline()
        if (this.#attempt === attempt) this.#greet(raw)
        else raw.stream.destroy()
      },
      (error: unknown) => failed(asMachinesError(error, 'the connection could not be made')),
    )
  }

  #greet(raw: RawConnection): void {
    const { epoch } = this.#options
    const attempt: Attempt = establish<ParentResult>({
      setup: this.#options,
      raw,
      handshake: (context) => {
        const resume = this.#endpoint.resumeRequest
        return new ParentHandshake(context, { epoch, about: this.#options.about(), resume })
      },
      established: (connection, result) => this.#onEstablished(connection, result),
      failed: (reason) => this.#onFailed(attempt, reason),
    })
    this.#attempt = attempt
  }

  #onEstablished(connection: Connection, { peer, welcome }: ParentResult): ConnectionUser {
    const { session, resumed, received, about } = welcome
    const settled = { peer, session, resumed, received, welcome: about }
    const user = this.#endpoint.attach(connection, settled)
    this.#attempt = undefined
    this.#reconnect.succeeded(this.#options.system.now())
    return user
  }

  #onBroken(): void {
    this.#reconnect.broke(this.#options.system.now())
    this.#redialAfter(this.#reconnect.nextDelayMs(this.#options.system.random()))
  }

  #onFailed(attempt: Attempt, reason: MachinesError): void {
    // An attempt that was given up may still fail later, when nobody waits for it.
    if (this.#attempt !== attempt) return
    this.#attempt = undefined
    const fatal = fatalCodes.has(reason.code)
    const dice = this.#options.system.random()
    const delayMs = fatal ? this.#reconnect.slowestDelayMs(dice) : this.#reconnect.nextDelayMs(dice)
    debug('%s: %s: %s', formatAddress(this.#options.address), reason.code, reason.message)
    this.#redialAfter(delayMs)
    this.#options.events.refused(reason, { attempt: this.#reconnect.failures, delayMs, fatal })
  }

  #redialAfter(delayMs: number): void {
    this.#cancelRedial = this.#options.system.setTimer(delayMs, () => this.#dial())
  }

  #stopDialling(): void {
    this.#cancelRedial()
    const attempt = this.#attempt
    this.#attempt = undefined
    attempt?.abort(new MachinesError('DM_LINK_CLOSED', 'the link was closed'))
  }
}
