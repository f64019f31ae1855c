/**
 * A link: the authenticated, ordered message channel between a parent and a child. It outlives a
 * broken connection. This file is the seam; `link-dialer.ts` and `link-server.ts` fill it.
 */
import type { ErrorCode, MachinesError } from '../errors.js'

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

export interface LinkHealth {
  /** Round trip of the last heartbeat in ms; undefined before the first. */
  readonly pingMs: number | undefined
  /** How late the peer's event loop ran when it last looked, in ms; undefined before the first. */
  readonly peerLagMs: number | undefined
}

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
  /** A heartbeat came back. */
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
  /**
   * Queues one message, also while the link is down. The bytes are kept, not copied: do not change
   * them afterwards. False: over limits.sessionBufferBytesMax, or closed; nothing was queued.
   * Throws DM_BODY_TOO_LARGE when the message alone does not fit into a frame.
   */
  send(bytes: Uint8Array): boolean
  /**
   * Ends the link for good, telling the peer why, after all that was sent before. Resolves when it
   * is flushed, or given up after limits.closeTimeoutMs; what the peer has not confirmed by then is
   * reported by `reset`. No message comes in after the call. Calling it again changes nothing.
   */
  close(code: ErrorCode, reason: string): Promise<void>
}
