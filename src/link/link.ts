/**
 * A link: the authenticated, ordered message channel between a parent and a child. It outlives a
 * broken connection. This file is the seam; `link-dialer.ts` and `link-server.ts` fill it.
 */
import type { ErrorCode, MachinesError } from '../errors.js'
import type { Verdict } from './failure-detector.js'

/** Who is at the other end, as proven in the handshake. */
export interface Peer {
  /** Ed25519 public key, base64. */
  readonly key: string
  /** Parent: its epoch. Child: 0. */
  readonly epoch: number
  /** How it was recognised. */
  readonly recognisedBy: readonly ('certificate' | 'key' | 'secret' | 'first-use')[]
  /** What it says about itself in HELLO (child) or IDENTIFY (parent): JSON of the layer above. */
  readonly about: unknown
  readonly remote: string
}

/** How a link does. Times are ms, and undefined before the first heartbeat has come back. */
export interface LinkHealth {
  /** By the peer's silence: green, yellow (half of what is bearable), red (cut, or not up). */
  readonly verdict: Verdict
  /**
   * Round trip of the last heartbeat. Those during which either event loop stood still are left out,
   * here and below: they say nothing about the network.
   */
  readonly pingMs: number | undefined
  /** Median of the round trips of this connection; of the last 128, if there were more. */
  readonly pingP50Ms: number | undefined
  /** The round trip that 99 of 100 of them do not exceed. */
  readonly pingP99Ms: number | undefined
  /** How late the peer's event loop ran at worst, in the last one or two of its heartbeats. */
  readonly peerLagMs: number | undefined
}

/** The health of a link that is not up yet. */
export const noHealth: LinkHealth = {
  verdict: 'red',
  pingMs: undefined,
  pingP50Ms: undefined,
  pingP99Ms: undefined,
  peerLagMs: undefined,
}

/**
 * Whether a message may use limits.sessionReserveBytes on top of the buffer: what managers say to
 * each other must get through when bots have filled it.
 */
export type Importance = 'normal' | 'vital'

/** What is sent as one message: bytes, or two pieces of it that need not be joined for that. */
export type Message = Uint8Array | readonly [head: Uint8Array, body: Uint8Array]

/**
 * What the owner of a link hears. Calls come one at a time and never from inside `send`. A handler
 * that throws is a bug of the owner: it surfaces as an uncaught exception, the link goes on.
 */
export interface LinkEvents {
  /**
   * The first connection, or a resumed one. `resumed`: nothing was lost in between. `welcome`: what
   * the child said in WELCOME (on the child's side: what it was made to say).
   */
  up(info: { readonly resumed: boolean; readonly welcome: unknown }): void
  /** The connection broke; messages are kept and the link may come back. */
  down(reason: MachinesError): void
  /** One message, whole and in order. */
  message(bytes: Uint8Array): void
  /**
   * The session is over: `lost` holds every message that the peer has not confirmed, in order.
   * Messages of the peer that were on their way are lost as well, and it is told of them. A dialled
   * link keeps dialling, and `up` with `resumed: false` follows; otherwise `closed` does.
   */
  reset(reason: MachinesError, lost: readonly Uint8Array[]): void
  /**
   * close() was called on either side, or an accepted link cannot come back; last event. The code
   * of `reason` is the one given to close(), on both sides.
   */
  closed(reason: MachinesError): void
  /** A heartbeat came back, or the verdict on the peer has changed. */
  health(health: LinkHealth): void
}

/** Why a dialled link is not up yet, and when the next attempt is made. */
export interface Refusal {
  /** Attempts that failed in a row, counted from 1. */
  readonly attempt: number
  readonly delayMs: number
  /** True when waiting will hardly help (identity, certificate, version, epoch, another parent). */
  readonly fatal: boolean
}

/** What the owner of a dialled link hears beside the rest. */
export interface DialEvents extends LinkEvents {
  /** An attempt to connect failed; the next one follows by itself. */
  refused(reason: MachinesError, refusal: Refusal): void
}

export interface Link {
  /** Undefined before the first handshake; afterwards as in the last one. */
  readonly peer: Peer | undefined
  readonly isUp: boolean
  readonly health: LinkHealth
  /** False once close() was called or an accepted link is lost: nothing can be sent any more. */
  readonly isOpen: boolean
  /** Bytes of messages that the peer has not confirmed, as they count against the bound. */
  readonly backlogBytes: number
  /**
   * Queues one message, also while the link is down. Its bytes may be kept without a copy: do not
   * change them afterwards. False: over bufferBytesMax
   * (DM_LINK_BACKLOG is the word for it while the link is open), or closed; nothing was queued.
   * Throws DM_BODY_TOO_LARGE when the message alone is over limits.messageBytesMax.
   */
  send(message: Message, importance?: Importance): boolean
  /**
   * Resolves when at most a quarter of bufferBytesMax waits unconfirmed: at once if that is so, else
   * when the peer has confirmed enough, the session is lost or the link closed. Never rejects. A
   * producer that awaits it after each message never meets a full buffer.
   */
  ready(): Promise<void>
  /**
   * Ends the link for good, telling the peer why, after all that was sent before. Resolves when it
   * is flushed, or given up after limits.closeTimeoutMs; what the peer has not confirmed by then is
   * reported by `reset`. No message comes in after the call. Calling it again changes nothing.
   */
  close(code: ErrorCode, reason: string): Promise<void>
}
