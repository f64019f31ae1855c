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
  readonly stream: Duplex
  /** Where the peer is, for logs and per-address limits. */
  readonly remote: CarrierAddress
}

export interface CarrierListener {
  /** The address that was really bound (port 0 gives a free one). */
  readonly address: CarrierAddress
  /** Stops accepting; connections already handed out are not touched. */
  close(): Promise<void>
}

export interface Carrier {
  readonly name: 'tcp' | 'memory'
  /** Rejects with DM_DIAL_FAILED, or with the signal's reason when it aborts. */
  dial(address: CarrierAddress, signal: AbortSignal): Promise<RawConnection>
  /** Rejects with DM_LISTEN_FAILED. */
  listen(
    address: CarrierAddress,
    onConnection: (connection: RawConnection) => void,
  ): Promise<CarrierListener>
}
