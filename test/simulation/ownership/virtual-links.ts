/**
 * What a parent has instead of `ParentLinks`, and a child instead of `ChildLinks`: links over the
 * virtual network. The real endpoint runs in them (see virtual-connection.ts); here is only what
 * `link-dialer.ts`, `link-server.ts` and the handshake decide:
 *
 * - A dialler makes attempts until it is closed, at the pace of the real `Reconnect`. An attempt has
 *   dialAttemptTimeoutMs until the other host answers (its kernel does, even for a suspended
 *   process), and handshakeTimeoutMs from there. A host without a listener refuses at once; one
 *   without power, or behind a block, says nothing.
 * - The child decides when it has read who comes: `admit`, then the session that is to be resumed if
 *   that is possible, else a new one, before which every other session of this parent is lost. Its
 *   side is up as soon as the welcome is sent, whether or not that arrives. A suspended child that
 *   wakes takes in a greeting that the parent has given up long ago.
 * - Left out: cryptography, versions, the doorkeeper's limits, and full buffers.
 */
import { type ErrorCode, MachinesError } from '../../../src/errors.js'
import type { DialEvents, Link, Peer } from '../../../src/link/link.js'
import type { DialedLink } from '../../../src/link/link-dialer.js'
import { LinkEndpoint } from '../../../src/link/link-endpoint.js'
import { Reconnect } from '../../../src/link/reconnect.js'
import type { ParentSelf } from '../../../src/modes/machines/control-messages.js'
import type { Cancel } from '../../../src/system/system.js'
import { type DialTo, VirtualAttempt } from './virtual-attempt.js'
import { VirtualConnection } from './virtual-connection.js'
import { linkSetup } from './virtual-handshake.js'

const fatalCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DM_EPOCH_OLD', 'DM_PARENT_BUSY'])

export class VirtualDialer implements DialedLink {
  readonly #to: DialTo
  readonly #self: ParentSelf
  readonly #events: DialEvents
  readonly #endpoint: LinkEndpoint
  readonly #reconnect = new Reconnect()
  #started = false
  #attempt: VirtualAttempt | undefined
  #cancelRedial: Cancel = () => {}

  constructor(to: DialTo, self: ParentSelf, events: DialEvents) {
    this.#to = to
    this.#self = self
    this.#events = events
    this.#endpoint = new LinkEndpoint({
      setup: linkSetup(to.process, to.times),
      afterLostSession: 'renew',
      owner: () => events,
      broken: () => {
        this.#reconnect.broke(to.process.now())
        this.#redialAfter(this.#reconnect.nextDelayMs(to.process.random()))
      },
      ended: () => {
        this.#cancelRedial()
        this.#attempt?.fail(new MachinesError('DM_LINK_CLOSED', 'the link was closed'))
      },
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

  get health() {
    return this.#endpoint.health
  }

  send(...given: Parameters<Link['send']>): boolean {
    return this.#endpoint.send(...given)
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
    const { process, port } = this.#to
    const attempt = new VirtualAttempt(this.#to, {
      greeting: () => ({ self: this.#self, resume: this.#endpoint.resumeRequest }),
      welcomed: (socket, { session, resumed, received, about }) => {
        const connection = new VirtualConnection(socket)
        const peer = peerNamed(port.name)
        const settled = { peer, session, resumed, received, welcome: about }
        const user = this.#endpoint.attach(connection.asConnection, settled)
        this.#attempt = undefined
        this.#reconnect.succeeded(process.now())
        connection.open(user)
      },
      failed: (reason) => {
        if (this.#attempt === attempt) this.#onFailed(reason)
      },
    })
    this.#attempt = attempt
  }

  #onFailed(reason: MachinesError): void {
    this.#attempt = undefined
    if (!this.#endpoint.isOpen) return
    const fatal = fatalCodes.has(reason.code)
    const dice = this.#to.process.random()
    const delayMs = fatal ? this.#reconnect.slowestDelayMs(dice) : this.#reconnect.nextDelayMs(dice)
    this.#redialAfter(delayMs)
    this.#events.refused(reason, { attempt: this.#reconnect.failures, delayMs, fatal })
  }

  #redialAfter(delayMs: number): void {
    this.#cancelRedial = this.#to.process.setTimer(delayMs, () => this.#dial())
  }
}

function peerNamed(name: string): Peer {
  return {
    key: `child ${name}`,
    epoch: 0,
    recognisedBy: ['key'],
    about: null,
    remote: name,
  }
}
