/** Judges the certificate that the peer of a finished TLS handshake has shown. */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type TLSSocket } from 'node:tls'
import { withoutZone } from './address.js'
import type { CertificateVerdict } from './secured-connection.js'
import { pinOf, type TlsMaterial } from './tls-material.js'

export interface Judgement {
  readonly verdict: CertificateVerdict
  /** What to tell the user when that is not enough; for `pinned` and `authority` empty. */
  readonly reason: string
}

/**
 * The verdict about the peer of `socket`. `host`: the name or address that was dialled, which a
 * certificate signed by an authority must bear; undefined on the server side, as parents may call
 * from anywhere.
 */
export function judgePeer(
  socket: TLSSocket,
  material: TlsMaterial,
  host: string | undefined,
): Judgement {
  // Once and no more: on a client, Node 20 takes the certificate out of OpenSSL's list with this
  // call, and getPeerCertificate() finds nothing afterwards.
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return { verdict: 'none', reason: 'it showed no certificate' }
  if (material.pins.has(pinOf(certificate))) return { verdict: 'pinned', reason: '' }

  // The subject is the peer's to write, so only the fingerprint is fit for our logs.
  const shown = `its certificate (SHA-256 ${certificate.fingerprint256})`
  if (material.pins.size === 0) return unknown(`${shown} cannot be checked: nothing is trusted`)
  // Without authorities of our own nothing may count as signed, whatever Node brings by itself.
  if (material.authorities.length === 0) return unknown(`${shown} is not in trustedConnections`)
  if (!socket.authorized) {
    const { authorizationError } = socket
    const why = typeof authorizationError === 'string' ? authorizationError : 'not signed'
    return unknown(`${shown} is neither in trustedConnections nor signed by a CA there (${why})`)
  }
  if (host !== undefined && !bearsHost(certificate, host)) {
    return unknown(`${shown} is signed by a CA in trustedConnections, but not for ${host}`)
  }
  return { verdict: 'authority', reason: '' }
}

function unknown(reason: string): Judgement {
  return { verdict: 'unknown', reason }
}

/**
 * As Node does it for names: subjectAltName, and the common name only where there is no other
 * (RFC 6125). Addresses are left to OpenSSL, because Node 22.23 does not find IPv6 ones.
 */
function bearsHost(certificate: X509Certificate, host: string): boolean {
  const bare = withoutZone(host)
  if (isIP(bare) !== 0) return certificate.checkIP(bare) !== undefined
  return checkServerIdentity(bare, certificate.toLegacyObject()) === undefined
}
