/**
 * Decides whether a peer is one of ours; the same for both sides. Every means that is configured
 * must hold: a stolen secret alone does not open a link that also pins keys. Only where nothing is
 * configured is a peer trusted on first use, as ssh does it.
 */
import type { ErrorCode } from '../../errors.js'
import type { CertificateVerdict } from '../../transport/secured-connection.js'
import type { Peer } from '../link.js'
import type { KnownPeer } from './trust.js'

/**
 * How the proof of the shared secret fared: `unexpected` is one that came though this side has no
 * secret, `pending` one that is yet to come.
 */
export type SecretProof = 'valid' | 'invalid' | 'absent' | 'unexpected' | 'pending'

export interface RecognitionInput {
  readonly certificate: CertificateVerdict
  readonly certificateDemanded: boolean
  /** Public key of the peer, base64. */
  readonly key: string
  readonly trustedKeys: readonly string[]
  readonly secretConfigured: boolean
  readonly secretProof: SecretProof
  /** What trust on first use says; not looked at where anything else is configured. */
  readonly knownPeer: KnownPeer | undefined
}

export type Recognition =
  | { readonly accept: true; readonly recognisedBy: Peer['recognisedBy'] }
  | { readonly accept: false; readonly code: ErrorCode; readonly reason: string }

function refuse(code: ErrorCode, reason: string): Recognition {
  return { accept: false, code, reason }
}

/** True when there is nothing to recognise a peer by but its having been here before. */
export function onFirstUse(
  input: Pick<RecognitionInput, 'certificateDemanded' | 'trustedKeys' | 'secretConfigured'>,
): boolean {
  return !input.certificateDemanded && input.trustedKeys.length === 0 && !input.secretConfigured
}

export function recognise(input: RecognitionInput): Recognition {
  const recognisedBy: Peer['recognisedBy'][number][] = []
  const certified = input.certificate === 'pinned' || input.certificate === 'authority'
  if (input.certificateDemanded && !certified) {
    return refuse('DM_CERTIFICATE_REFUSED', `its certificate is not trusted (${input.certificate})`)
  }
  if (certified) recognisedBy.push('certificate')
  if (input.trustedKeys.length > 0) {
    if (!input.trustedKeys.includes(input.key)) {
      return refuse('DM_IDENTITY_REFUSED', 'its key is not among trustedKeys')
    }
    recognisedBy.push('key')
  }
  const secretFault = faultOfSecret(input)
  if (secretFault !== undefined) return refuse('DM_IDENTITY_REFUSED', secretFault)
  if (input.secretConfigured) recognisedBy.push('secret')
  if (!onFirstUse(input)) return { accept: true, recognisedBy }
  if (input.knownPeer === 'changed') {
    return refuse('DM_IDENTITY_CHANGED', 'its key is not the one that this machine had before')
  }
  return { accept: true, recognisedBy: [...recognisedBy, 'first-use'] }
}

function faultOfSecret({ secretConfigured, secretProof }: RecognitionInput): string | undefined {
  if (secretProof === 'pending') return undefined
  if (secretProof === 'unexpected') return 'it uses a shared secret and this side has none'
  if (!secretConfigured) return undefined
  if (secretProof === 'absent') return 'this side uses a shared secret and it has none'
  return secretProof === 'valid' ? undefined : 'its shared secret is another one'
}
