import { describe, expect, it } from 'vitest'
import { type RecognitionInput, recognise } from '../../../../src/link/handshake/recognise.js'

const nothingConfigured: RecognitionInput = {
  certificate: 'unknown',
  certificateDemanded: false,
  key: 'K',
  trustedKeys: [],
  secretConfigured: false,
  secretProof: 'absent',
  knownPeer: 'new',
}

function outcome(given: Partial<RecognitionInput>): string {
  const result = recognise({ ...nothingConfigured, ...given })
  return result.accept ? result.recognisedBy.join('+') : result.code
}

const certificate = { certificateDemanded: true }
const keys = { trustedKeys: ['J', 'K'] }
const secret = { secretConfigured: true }

describe('recognising a peer', () => {
  it.each<[string, Partial<RecognitionInput>, string]>([
    ['nobody configured anything, a new peer', {}, 'first-use'],
    ['nobody configured anything, a known peer', { knownPeer: 'known' }, 'first-use'],
    ['nobody configured anything, a changed key', { knownPeer: 'changed' }, 'DM_IDENTITY_CHANGED'],
    [
      'a certificate that was not demanded is still first use',
      { certificate: 'pinned' },
      'certificate+first-use',
    ],
    ['a pinned certificate', { ...certificate, certificate: 'pinned' }, 'certificate'],
    ['a certificate by an authority', { ...certificate, certificate: 'authority' }, 'certificate'],
    ['an unknown certificate', certificate, 'DM_CERTIFICATE_REFUSED'],
    ['no certificate', { ...certificate, certificate: 'none' }, 'DM_CERTIFICATE_REFUSED'],
    ['a trusted key', keys, 'key'],
    ['a trusted key that looks changed', { ...keys, knownPeer: 'changed' }, 'key'],
    ['a key that is not trusted', { ...keys, key: 'X' }, 'DM_IDENTITY_REFUSED'],
    ['the right secret', { ...secret, secretProof: 'valid' }, 'secret'],
    ['another secret', { ...secret, secretProof: 'invalid' }, 'DM_IDENTITY_REFUSED'],
    [
      'no secret where one is asked for',
      { ...secret, secretProof: 'absent' },
      'DM_IDENTITY_REFUSED',
    ],
    ['a secret where there is none', { secretProof: 'unexpected' }, 'DM_IDENTITY_REFUSED'],
    ['a secret yet to come', { ...secret, secretProof: 'pending' }, 'secret'],
    [
      'all of them',
      { ...certificate, ...keys, ...secret, certificate: 'pinned', secretProof: 'valid' },
      'certificate+key+secret',
    ],
    [
      'all but the certificate',
      { ...certificate, ...keys, ...secret, secretProof: 'valid' },
      'DM_CERTIFICATE_REFUSED',
    ],
    [
      'all but the key',
      {
        ...certificate,
        trustedKeys: ['J'],
        ...secret,
        certificate: 'pinned',
        secretProof: 'valid',
      },
      'DM_IDENTITY_REFUSED',
    ],
    [
      'all but the secret',
      { ...certificate, ...keys, ...secret, certificate: 'pinned' },
      'DM_IDENTITY_REFUSED',
    ],
  ])('%s', (_what, given, expected) => {
    expect(outcome(given)).toBe(expected)
  })
})
