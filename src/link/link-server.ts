/** The child's end of links: listens, lets in who has proven to be a trusted parent, resumes. */
import type { Duplex } from 'node:stream'
import { type ErrorCode, MachinesError } from '../errors.js'
import type {
  Carrier,
  CarrierAddress,
  RawConnection,
  RefusedConnections,
} from '../transport/carrier.js'
import type { Connection, ConnectionUser } from './connection.js'
import { Doorkeeper, type Stranger } from './doorkeeper.js'
import { type Attempt, establish, type LinkSetup } from './establish.js'
import { ChildHandshake, type ChildResult, type Reception } from './handshake/child-handshake.js'
import { type ResumeRequest, sessionIdBytes } from './handshake/messages.js'
import type { Link, LinkEvents, Peer } from './link.js'
import { LinkEndpoint } from './link-endpoint.js'
import { RefusalRate } from './refusal-rate.js'

/** The answer of the layer above to a parent that has proven who it is. */
export type Admission =
  | {
      readonly accept: true
      /** Told in WELCOME; JSON. With the rest of the message at most limits.handshakeFrameBytesMax. */
      readonly about: unknown
    }
  | {
      readonly accept: false
      readonly code: ErrorCode
      /** Told to the parent, which is authenticated by now. */
      readonly reason: string
    }

export interface ServeOptions extends LinkSetup {
  readonly carrier: Pick<Carrier, 'listen'>
  readonly address: CarrierAddress
  /** What this child says about itself in HELLO: JSON that anybody who connects may read. */
  about(): unknown
  /** Asked for every new connection of a recognised parent; `resumed`: it goes on with its session. */
  admit(peer: Peer, resumed: boolean): Admission
  /** A new link of this parent; `up` follows. Returns the handlers of its owner. */
  onLink(link: Link, peer: Peer): LinkEvents
  /** Somebody was not let in; for logging, as `refusals` counts. */
  onRefused(reason: MachinesError, remote: string): void
  /** Shared by all servers of one child, whatever their carrier. Default: one of its own. */
  readonly rate?: RefusalRate
}

export interface LinkServer {
  /** The address that was really bound. */
  readonly address: CarrierAddress
  /** Links that are not closed. */
  readonly links: readonly Link[]
  /**
   * How many connections were refused since the start, by code; those that the carrier turned away
   * (`overLimit`) stand under DM_CONNECTION_LIMIT. A fresh copy at every call.
   */
  readonly refusals: ReadonlyMap<ErrorCode, number>
  /** How many the carrier turned away, because too many were open. */
  readonly overLimit: RefusedConnections
  /** Stops listening and closes every link with these words; resolves when no connection is left. */
  close(code: ErrorCode, reason: string): Promise<void>
}

/** Listens for parents. Rejects with DM_LISTEN_FAILED. */
export async function serveLinks(options: ServeOptions): Promise<LinkServer> {
  const server = new Server(options)
  const listener = await options.carrier.listen(options.address, (raw) => server.accept(raw))
  return {
    address: listener.address,
    get links() {
      return server.links
    },
    get refusals() {
      return withOverLimit(server.refusals, listener.refused)
    },
    get overLimit() {
      return listener.refused
    },
    async close(code, reason) {
      await Promise.all([listener.close(), server.close(code, reason)])
    },
  }
}

class Server {
  readonly #options: ServeOptions
  readonly #door: Doorkeeper
  /** Every connection that is open in whatever state, as a refused one too still holds a socket. */
  readonly #streams = new Set<Duplex>()
  readonly #attempts = new Set<Attempt>()
  readonly #endpoints = new Set<LinkEndpoint>()
  #isClosed = false

  constructor(options: ServeOptions) {
    this.#options = options
    const rate = options.rate ?? new RefusalRate()
    this.#door = new Doorkeeper(options.system, rate, (reason, remote) =>
      options.onRefused(reason, remote),
    )
  }

  get refusals(): ReadonlyMap<ErrorCode, number> {
    return this.#door.refusals
  }

  get links(): readonly Link[] {
    return [...this.#endpoints]
  }

  accept(raw: RawConnection): void {
    if (this.#isClosed) {
      raw.stream.destroy()
      return
    }
    let attempt: Attempt | undefined
    const stranger: Stranger = {
      remote: raw.remote,
      dismiss: (reason) => {
        if (attempt === undefined) this.#door.refused(reason, stranger)
        else attempt.abort(reason)
        raw.stream.destroy()
      },
    }
    this.#streams.add(raw.stream)
    raw.stream.once('close', () => {
      this.#streams.delete(raw.stream)
      this.#door.leave(stranger)
    })
    if (this.#door.admit(stranger)) attempt = this.#greet(raw, stranger)
  }

  #greet(raw: RawConnection, stranger: Stranger): Attempt {
    const over = () => this.#attempts.delete(attempt)
    const attempt = establish<ChildResult>({
      setup: this.#options,
      raw,
      handshake: (context) =>
        new ChildHandshake(context, {
          about: this.#options.about(),
          receive: (peer, resume) => {
            this.#door.proven(stranger)
            return this.#receive(peer, resume)
          },
        }),
      established: (connection, result) => {
        over()
        this.#door.leave(stranger)
        return this.#onEstablished(connection, result)
      },
      failed: (reason) => {
        over()
        this.#door.refused(reason, stranger)
      },
    })
    this.#attempts.add(attempt)
    return attempt
  }

  async close(code: ErrorCode, reason: string): Promise<void> {
    this.#isClosed = true
    const stopped = new MachinesError('DM_STOPPED', 'the child is stopping')
    for (const attempt of this.#attempts) attempt.abort(stopped)
    await Promise.all([...this.#endpoints].map((endpoint) => endpoint.close(code, reason)))
    const left = [...this.#streams]
    const closed = left.map((stream) => new Promise((resolve) => stream.once('close', resolve)))
    for (const stream of left) stream.destroy()
    await Promise.all(closed)
  }

  /** Decides only; what follows from it is done when the connection is established. */
  #receive(peer: Peer, resume: ResumeRequest | undefined): Reception {
    const admission = this.#options.admit(peer, this.#find(peer, resume) !== undefined)
    if (!admission.accept) return admission
    // Looked up again: the layer above may have closed that link while it was asked.
    const going = this.#find(peer, resume)?.resumeRequest
    const fresh = { session: this.#newSessionId(), received: 0 }
    const welcome = { ...(going ?? fresh), resumed: going !== undefined, about: admission.about }
    return { accept: true, welcome }
  }

  #find(peer: Peer, resume: ResumeRequest | undefined): LinkEndpoint | undefined {
    if (resume === undefined) return undefined
    // The id of a session is no secret to be trusted in: the key must be the one that began it.
    const isMeant = (one: LinkEndpoint) => one.peer?.key === peer.key && one.canResume(resume)
    return [...this.#endpoints].find(isMeant)
  }

  #onEstablished(connection: Connection, { peer, welcome, resume }: ChildResult): ConnectionUser {
    const { session, resumed, about } = welcome
    const received = resumed ? (resume?.received ?? 0) : 0
    const endpoint = this.#find(peer, resumed ? resume : undefined) ?? this.#begin(peer)
    return endpoint.attach(connection, { peer, session, resumed, received, welcome: about })
  }

  /** A parent has one session at a time: when it begins a new one, it has lost the others. */
  #begin(peer: Peer): LinkEndpoint {
    const reason = new MachinesError('DM_LINK_LOST', 'the parent has begun a new session')
    for (const other of this.#endpoints) {
      if (other.peer?.key === peer.key) other.loseSession(reason)
    }
    const endpoint: LinkEndpoint = new LinkEndpoint({
      setup: this.#options,
      afterLostSession: 'end',
      owner: (link) => this.#options.onLink(link, peer),
      ended: () => this.#endpoints.delete(endpoint),
    })
    this.#endpoints.add(endpoint)
    return endpoint
  }

  #newSessionId(): string {
    const bytes = this.#options.system.randomBytes(sessionIdBytes)
    return Buffer.from(bytes).toString('base64')
  }
}

function withOverLimit(
  refusals: ReadonlyMap<ErrorCode, number>,
  { overall, perAddress }: RefusedConnections,
): ReadonlyMap<ErrorCode, number> {
  const all = new Map(refusals)
  const turnedAway = overall + perAddress + (all.get('DM_CONNECTION_LIMIT') ?? 0)
  if (turnedAway > 0) all.set('DM_CONNECTION_LIMIT', turnedAway)
  return all
}
