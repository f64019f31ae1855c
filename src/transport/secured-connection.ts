/**
 * What is left of a raw connection after TLS, or after the user chose to do without (`tls: false`).
 */
import type { Duplex } from 'node:stream'
import type { CarrierAddress } from './carrier.js'

/**
 * How the peer's certificate fared against `trustedConnections`: it is one of them, it was signed
 * by a CA among them, it is something else, or there was none. `certificate-policy.ts` says which
 * of these end the connection at once; what follows from the others is for the handshake to decide.
 */
export type CertificateVerdict = 'pinned' | 'authority' | 'unknown' | 'none'

export interface SecuredConnection {
  /**
   * Destroying it destroys the raw stream under it. Like that one it has an `error` listener
   * already; `close` and `errored` tell what happened, also between TLS and the handshake.
   */
  readonly stream: Duplex
  readonly remote: CarrierAddress
  readonly encrypted: boolean
  /**
   * 32 bytes of exported keying material (RFC 5705 / RFC 8446 7.5), the same on both ends of one
   * TLS channel and of no other: proofs are bound to it. Empty without TLS.
   */
  readonly channelBinding: Uint8Array
  readonly certificate: CertificateVerdict
}
