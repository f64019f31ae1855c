/** The certificate that a manager makes for itself where the user gave none. */
import type { KeyedCertificate } from './tls-material.js'

/**
 * It is recognised by what it is or by the identity proven inside of the channel, so its dates say
 * nothing: it does not depend on a clock that may be wrong, and never expires in the sense of
 * RFC 5280, 4.1.2.5.
 */
const notBefore = '2020-01-01T00:00:00Z'
const notAfter = '9999-12-31T23:59:59Z'

/** Upper bound of a common name in X.509 (RFC 5280, appendix A.1). */
const commonNameCharsMax = 64

/**
 * Makes a self-signed EC certificate (P-256) that serves both as a client's and as a server's;
 * takes 10 to 40 ms, the first one 100 ms more. `commonName` is for people; characters with a meaning
 * in a distinguished name become `_`, and only the first 64 are kept.
 */
export async function makeCertificate(commonName: string): Promise<KeyedCertificate> {
  const value = commonName.replaceAll(/[^\w.@ -]/g, '_').slice(0, commonNameCharsMax)
  // Its 200 modules take 100 ms to load, and most starts of a manager find a certificate or need none.
  const { generate } = await import('selfsigned')
  const made = await generate([{ name: 'commonName', value }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(notBefore),
    notAfterDate: new Date(notAfter),
    extensions: [
      // Not a CA: whoever trusts this certificate must not thereby trust what its key signs.
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    ],
  })
  // The certificate comes without the line end that PEM files join up by.
  return { cert: `${made.cert.trimEnd()}\n`, key: made.private }
}
