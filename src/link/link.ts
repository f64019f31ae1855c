/**
 * A link: the authenticated, ordered message channel between a parent and a child. It outlives a
 * broken connection. This file is the seam; `link-dialer.ts` and `link-server.ts` fill it.
 */
import type { MachinesError } from '../errors.js'

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
  /** Round trip of the last heartbeats in ms; undefined before the first. */
  readonly pingMs: number | undefined
  /** How late the peer's event loop ran at its last heartbeat, in ms. */
  readonly peerLagMs: number | undefined
}

export interface LinkEvents {
  /** The first connection, or a resumed one. `resumed`: nothing was lost in between. */
  up(info: { readonly resumed: boolean; readonly welcome: unknown }): void
  /** The connection broke; messages are kept and the link may come back. */
  down(reason: MachinesError): void
  /** One message, whole and in order. */
  message(bytes: Uint8Array): void
  /**
   * The link cannot come back, or came back without its session: `lost` holds every message that
   * the peer has not confirmed, in order. Followed by `up` with `resumed: false` when redialled.
   */
  reset(reason: MachinesError, lost: readonly Uint8Array[]): void
  /** close() was called on either side; last event. */
  closed(reason: MachinesError): void
  /** A heartbeat came back. */
  health(health: LinkHealth): void
}

export interface Link {
  readonly peer: Peer | undefined
  readonly isUp: boolean
  readonly health: LinkHealth
  /** Queues one message. False: over limits.sessionBufferBytesMax, or closed; nothing was queued. */
  send(bytes: Uint8Array): boolean
  /** Ends the link for good, telling the peer why; resolves when flushed or given up. */
  close(code: string, reason: string): Promise<void>
}
