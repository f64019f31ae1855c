/**
 * The seam of the transports: a carrier moves bytes and knows nothing of TLS, frames or peers.
 * TLS wraps the streams of any carrier. Every carrier passes `test/contract/carrier`.
 */
import type { Duplex } from 'node:stream'

export interface CarrierAddress {
  readonly host: string
  readonly port: number
}

/** A raw byte stream to a peer. */
export interface RawConnection {
  /**
   * Ends its own side once the peer has ended its side and everything was read: links have no use
   * for half-open connections. Has an `error` listener already, so a failing peer cannot end the
   * process; `close` and `errored` tell what happened.
   */
  readonly stream: Duplex
  /** Where the peer is, for logs and per-address limits. */
  readonly remote: CarrierAddress
}

/** Connections that a listener turned away before reading a byte of them, from its start on. */
export interface RefusedConnections {
  /** Because `connectionsMax` connections were open. */
  readonly overall: number
  /** Because one address had `connectionsPerAddressMax` connections open. */
  readonly perAddress: number
}

export interface CarrierListener {
  /** The address that was really bound (port 0 gives a free one). */
  readonly address: CarrierAddress
  /** How many connections were refused until now. */
  readonly refused: RefusedConnections
  /**
   * Stops accepting; connections already handed out are not touched. Resolves when the address is
   * free: at once, but for UDP, whose connections share the port of their listener, when the last
   * of them is closed. May be called twice.
   */
  close(): Promise<void>
}

export interface Carrier {
  readonly name: 'tcp' | 'udp4' | 'udp6' | 'memory'
  /**
   * Rejects with DM_DIAL_FAILED, or with the signal's reason when it aborts. A listener without room
   * ends the connection at once, or (UDP) makes this reject.
   */
  dial(address: CarrierAddress, signal: AbortSignal): Promise<RawConnection>
  /**
   * Rejects with DM_LISTEN_FAILED, or with the signal's reason when it aborts before the address
   * is bound; the signal has no effect after that.
   */
  listen(
    address: CarrierAddress,
    onConnection: (connection: RawConnection) => void,
    signal?: AbortSignal,
  ): Promise<CarrierListener>
}
