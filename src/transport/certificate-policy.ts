/**
 * Which certificates a side asks for and which it insists on. Pure; `tls.ts` applies it.
 *
 * The client is the parent, the server the child. "trusted" means that the certificate is one of
 * `trustedConnections` or was signed by a CA among them (and, on the client side, bears the host).
 *
 * | side   | requestCert | rejectUnauthorized and trustedConnections | asks | insists on    |
 * | ------ | ----------- | ----------------------------------------- | ---- | ------------- |
 * | client | any         | true, and at least one                    | yes  | trusted       |
 * | client | any         | false, or none                            | yes  | nothing       |
 * | server | not given   | true, and at least one                    | yes  | trusted       |
 * | server | not given   | false, or none                            | yes  | nothing       |
 * | server | true        | true, and at least one                    | yes  | trusted       |
 * | server | true        | false, or none                            | yes  | a certificate |
 * | server | false       | any                                       | no   | nothing       |
 *
 * A TLS 1.3 server always shows a certificate, so `requestCert` says nothing to a client. A server
 * that was told not to ask cannot insist. Where a side insists on nothing, the verdict goes up with
 * the connection, and the handshake still wants keys, a secret or a peer known from before.
 */
import type { CertificateVerdict } from './secured-connection.js'

export type TlsSide = 'client' | 'server'

/** The part of the TLS options that decides; `ResolvedTls` fits. */
export interface CertificateOptions {
  readonly requestCert: boolean | undefined
  readonly rejectUnauthorized: boolean
  readonly trustedConnections: readonly string[]
}

export interface CertificatePolicy {
  /** Whether the peer is asked for a certificate. */
  readonly asks: boolean
  readonly insistsOn: 'trusted' | 'certificate' | 'nothing'
}

/** The row of the table above. */
export function certificatePolicy(side: TlsSide, options: CertificateOptions): CertificatePolicy {
  const { requestCert, rejectUnauthorized, trustedConnections } = options
  if (side === 'server' && requestCert === false) return { asks: false, insistsOn: 'nothing' }
  if (rejectUnauthorized && trustedConnections.length > 0) {
    return { asks: true, insistsOn: 'trusted' }
  }
  const mustShowOne = side === 'server' && requestCert === true
  return { asks: true, insistsOn: mustShowOne ? 'certificate' : 'nothing' }
}

/** Whether a connection with this verdict may go on to the handshake. */
export function mayGoOn(policy: CertificatePolicy, verdict: CertificateVerdict): boolean {
  if (policy.insistsOn === 'nothing') return true
  if (policy.insistsOn === 'certificate') return verdict !== 'none'
  return verdict === 'pinned' || verdict === 'authority'
}
