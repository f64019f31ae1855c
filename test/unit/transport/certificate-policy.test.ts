import { describe, expect, it } from 'vitest'
import {
  type CertificatePolicy,
  certificatePolicy,
  mayGoOn,
  type TlsSide,
} from '../../../src/transport/certificate-policy.js'
import type { CertificateVerdict } from '../../../src/transport/secured-connection.js'

const rows: readonly [TlsSide, boolean | undefined, boolean, number, string, boolean][] = [
  // side, requestCert, rejectUnauthorized, trustedConnections -> insists on, asks
  ['client', undefined, true, 1, 'trusted', true],
  ['client', false, true, 1, 'trusted', true],
  ['client', true, true, 0, 'nothing', true],
  ['client', true, false, 1, 'nothing', true],
  ['server', undefined, true, 1, 'trusted', true],
  ['server', undefined, true, 0, 'nothing', true],
  ['server', undefined, false, 1, 'nothing', true],
  ['server', true, true, 1, 'trusted', true],
  ['server', true, true, 0, 'certificate', true],
  ['server', true, false, 1, 'certificate', true],
  ['server', false, true, 1, 'nothing', false],
  ['server', false, false, 0, 'nothing', false],
]

describe('certificatePolicy', () => {
  it.each(rows)(
    '%s, requestCert %s, rejectUnauthorized %s, %i trusted: insists on %s, asks: %s',
    (side, requestCert, rejectUnauthorized, count, insistsOn, asks) => {
      const trustedConnections = Array.from({ length: count }, () => '/some/file.pem')
      const options = { requestCert, rejectUnauthorized, trustedConnections }
      expect(certificatePolicy(side, options)).toEqual({ asks, insistsOn })
    },
  )
})

describe('mayGoOn', () => {
  const verdicts: readonly CertificateVerdict[] = ['pinned', 'authority', 'unknown', 'none']

  it.each<[CertificatePolicy['insistsOn'], readonly CertificateVerdict[]]>([
    ['trusted', ['pinned', 'authority']],
    ['certificate', ['pinned', 'authority', 'unknown']],
    ['nothing', verdicts],
  ])('who insists on %s takes %j', (insistsOn, expected) => {
    const taken = verdicts.filter((verdict) => mayGoOn({ asks: true, insistsOn }, verdict))
    expect(taken).toEqual(expected)
  })
})
