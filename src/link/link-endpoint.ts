/**
 * One side of a link while connections come and go under it: keeps the session, waits for a resume,
 * and tells the owner what happens. Dialer and server only differ in where connections come from,
 * and in what follows a lost session.
 */
import { type ErrorCode, MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import type { Cancel } from '../system/system.js'
import type { Connection, ConnectionUser } from './connection.js'
import type { LinkSetup } from './establish.js'
import type { ResumeRequest } from './handshake/messages.js'
import {
  type Importance,
  type Link,
  type LinkEvents,
  type LinkHealth,
  type Message,
  noHealth,
  type Peer,
} from './link.js'
import { tuningOf } from './link-tuning.js'
import { LiveConnection } from './live-connection.js'
import { ReadySignal } from './ready-signal.js'
import { Session } from './session.js'

export interface EndpointOptions {
  readonly setup: LinkSetup
  /** Gives the handlers of whoever owns this link; called once, by the constructor. */
  owner(link: Link): LinkEvents
  /** A dialled link begins a new session; an accepted one ends, a new one is a new link. */
  readonly afterLostSession: 'renew' | 'end'
  /** The connection is gone and another one is wanted. */
  broken?(): void
  /** The link is closed; last call. */
  ended(): void
}

/** What the handshake has settled for a connection. */
export interface Attachment {
  readonly peer: Peer
  readonly session: string
  readonly resumed: boolean
  /** How many parts of our messages the peer has received in this session. */
  readonly received: number
  readonly welcome: unknown
}

export class LinkEndpoint implements Link {
  readonly #options: EndpointOptions
  readonly #tuning: ReturnType<typeof tuningOf>
  readonly #events: LinkEvents
  readonly #done: Promise<void>
  #resolveDone: () => void = () => {}
  #state: 'open' | 'closing' | 'closed' = 'open'
  #session: Session
  #sessionId: string | undefined
  #live: LiveConnection | undefined
  #peer: Peer | undefined
  #health: LinkHealth = noHealth
  /** What producers wait for while there is much to send. */
  readonly #ready = new ReadySignal()
  /** Set when the peer broke the rules of the session, which then gets no second chance. */
  #violation: MachinesError | undefined
  /** Why close() was called. */
  #goodbye: MachinesError | undefined
  /** The end of waiting: for a resume, or for the goodbye to get out. */
  #cancelTimer: Cancel = () => {}

  constructor(options: EndpointOptions) {
    this.#options = options
    this.#tuning = tuningOf(options.setup)
    this.#session = new Session(this.#tuning)
    this.#done = new Promise((resolve) => {
      this.#resolveDone = resolve
    })
    this.#events = options.owner(this)
  }

  get peer(): Peer | undefined {
    return this.#peer
  }

  get isUp(): boolean {
    return this.#live !== undefined && this.#state === 'open'
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get backlogBytes(): number {
    return this.#session.outbox.bufferedBytes
  }

  get health(): LinkHealth {
    return this.#health
  }

  /** What to ask the peer for when dialling again; undefined when there is no session to resume. */
  get resumeRequest(): ResumeRequest | undefined {
    if (this.#sessionId === undefined) return undefined
    return { session: this.#sessionId, received: this.#session.inbox.received }
  }

  /** Whether this is the session meant, and it can go on where the peer stands. */
  canResume({ session, received }: ResumeRequest): boolean {
    const isMeant = this.#state === 'open' && session === this.#sessionId
    return isMeant && this.#session.outbox.canResumeAt(received)
  }

  send(message: Message, importance: Importance = 'normal'): boolean {
    const [head, body] = piecesOf(message)
    const length = head.length + body.length
    if (length > limits.messageBytesMax) {
      throw new MachinesError('DM_BODY_TOO_LARGE', 'a message is larger than a link carries', {
        given: `${length} bytes`,
        allowed: `${limits.messageBytesMax} bytes`,
      })
    }
    if (this.#state !== 'open') return false
    const reserveBytes = importance === 'vital' ? limits.sessionReserveBytes : 0
    if (!this.#session.outbox.push(body, reserveBytes, head)) return false
    this.#live?.pump()
    return true
  }

  ready(): Promise<void> {
    return this.#hasRoom ? Promise.resolve() : this.#ready.wait()
  }

  close(code: ErrorCode, reason: string): Promise<void> {
    if (this.#state === 'open') this.#part(new MachinesError(code, reason))
    return this.#done
  }

  /**
   * Takes over a connection whose handshake is through; the one before, if it still looks alive, is
   * replaced. Throws when the link cannot use it: it was closed, or the peer stands elsewhere.
   */
  attach(connection: Connection, { peer, session, ...settled }: Attachment): ConnectionUser {
    this.#live?.destroy(new MachinesError('DM_LINK_LOST', 'the peer has connected anew'))
    const { resumed, received, welcome } = settled
    const fits = resumed ? this.canResume({ session, received }) : this.#sessionId === undefined
    if (!fits) {
      const reason = new MachinesError(
        'DM_LINK_LOST',
        'the peer does not know the session any more',
      )
      this.loseSession(reason)
      if (resumed) throw reason
    }
    if (this.#state !== 'open') throw new MachinesError('DM_LINK_CLOSED', 'the link was closed')
    this.#cancelTimer()
    this.#session.resume(received)
    this.#relieve()
    this.#sessionId = session
    this.#peer = peer
    const live = this.#liveOn(connection)
    this.#live = live
    live.start()
    this.#tell((events) => events.up({ resumed, welcome }))
    return live
  }

  /** The session cannot go on: the owner learns what the peer has not confirmed. */
  loseSession(reason: MachinesError): void {
    this.#live?.destroy(reason)
    if (this.#state !== 'open') return
    this.#cancelTimer()
    const lost = this.#session.outbox.lost()
    this.#session = new Session(this.#tuning)
    this.#sessionId = undefined
    this.#violation = undefined
    this.#relieve()
    this.#tell((events) => events.reset(reason, lost))
    if (this.#options.afterLostSession === 'end') this.#finish(reason)
  }

  get #hasRoom(): boolean {
    return this.backlogBytes <= this.#tuning.readyBytesMax
  }

  /** Producers go on as soon as there is room for them. */
  #relieve(): void {
    if (this.#hasRoom) this.#ready.give()
  }

  #liveOn(connection: Connection): LiveConnection {
    const live: LiveConnection = new LiveConnection({
      system: this.#options.setup.system,
      timing: this.#tuning.timing,
      connection,
      session: this.#session,
      message: (bytes) => this.#tell((events) => events.message(bytes)),
      health: (health) => {
        this.#health = health
        this.#tell((events) => events.health(health))
      },
      confirmed: () => this.#relieve(),
      farewell: (said) => this.#finish(this.#goodbye ?? said),
      violated: (reason) => {
        this.#violation = reason
      },
      closed: (reason) => {
        if (this.#live === live) this.#onBroken(reason)
      },
    })
    return live
  }

  #part(goodbye: MachinesError): void {
    this.#state = 'closing'
    this.#goodbye = goodbye
    this.#cancelTimer()
    const live = this.#live
    if (live === undefined) {
      this.#finish(goodbye)
      return
    }
    const cut = () => live.destroy(goodbye)
    this.#cancelTimer = this.#options.setup.system.setTimer(limits.closeTimeoutMs, cut)
    live.part(goodbye)
  }

  #onBroken(reason: MachinesError): void {
    this.#live = undefined
    this.#health = { ...this.#health, verdict: 'red' }
    if (this.#goodbye !== undefined) {
      this.#finish(this.#goodbye)
      return
    }
    this.#waitForResume(reason)
    this.#tell((events) => events.down(reason))
    if (this.#violation !== undefined) this.loseSession(this.#violation)
    if (this.#state === 'open') this.#options.broken?.()
  }

  #waitForResume(cause: MachinesError): void {
    const expire = () =>
      this.loseSession(new MachinesError('DM_LINK_LOST', 'the link did not come back', { cause }))
    const { system } = this.#options.setup
    this.#cancelTimer = system.setTimer(this.#tuning.resumeWindowMs, expire)
  }

  #finish(reason: MachinesError): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#cancelTimer()
    this.#live = undefined
    const lost = this.#session.outbox.lost()
    this.#relieve()
    if (lost.length > 0) this.#tell((events) => events.reset(reason, lost))
    this.#tell((events) => events.closed(reason))
    this.#options.ended()
    this.#resolveDone()
  }

  #tell(call: (events: LinkEvents) => void): void {
    try {
      call(this.#events)
    } catch (error) {
      // A fault of the owner must not look like a fault of the peer, nor leave half a step behind.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

const noHead = new Uint8Array(0)

function piecesOf(message: Message): readonly [head: Uint8Array, body: Uint8Array] {
  return message instanceof Uint8Array ? [noHead, message] : message
}
