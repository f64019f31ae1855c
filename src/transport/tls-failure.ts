/** Says in words why TLS failed. OpenSSL's own texts name its source files, which helps nobody. */
import { toError } from '../errors.js'
import { networkReason } from './network-failure.js'

const notTls = 'what came is not TLS; is `tls: false` set on one side only?'
const otherProgram = 'the other side is not a discordoo-machines manager'

const explanations: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_HTTP_REQUEST: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
  ERR_SSL_RECORD_LAYER_FAILURE: notTls,
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the other side does not offer TLS 1.3',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the other side does not accept TLS 1.3',
  ERR_SSL_NO_APPLICATION_PROTOCOL: otherProgram,
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: otherProgram,
  ECONNRESET: 'the other side broke the connection before TLS was ready',
}

/** One clause for an error message, as `wrong tag (ERR_OSSL_ASN1_WRONG_TAG)`. */
export function tlsReason(thrown: unknown): string {
  const error = toError(thrown)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const explanation = code === undefined ? undefined : explanations[code]
  if (explanation !== undefined) return `${explanation} (${code})`
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : undefined
  if (reason === undefined) return networkReason(thrown)
  return code === undefined ? reason : `${reason} (${code})`
}
