import { afterAll, describe, expect, it } from 'vitest'
import { dateWarnings } from '../../../src/transport/certificate-dates.js'
import { loadTlsMaterial } from '../../../src/transport/tls-material.js'
import { CertificateFolder } from '../../support/certificates.js'

const folder = new CertificateFolder()
afterAll(() => folder.remove())

const dates = { notBefore: new Date('2024-01-01'), notAfter: new Date('2024-12-31') }

describe('dateWarnings', () => {
  it('warns of what has expired or is not valid yet, and says what follows', async () => {
    const own = await folder.leaf('own', dates)
    const pin = await folder.leaf('pin', dates)
    const authority = await folder.authority('authority', dates)
    const material = loadTlsMaterial(
      {
        ...own,
        dhparam: undefined,
        requestCert: undefined,
        rejectUnauthorized: true,
        trustedConnections: [pin.public, authority.public],
      },
      'machines.tls',
      undefined,
    )
    const texts = (date: string) =>
      dateWarnings(material, Date.parse(date)).map(({ code, message }) => `${code} ${message}`)

    expect(texts('2024-06-01')).toEqual([])
    expect(texts('2025-06-01')).toEqual([
      expect.stringMatching(/^DM_CERTIFICATE_EXPIRED machines\.tls\.public: .*own\.pub expired on/),
      expect.stringMatching(/trustedConnections\[0\].*still accepted/),
      expect.stringMatching(/trustedConnections\[1\].*what it signed is refused/),
    ])
    expect(texts('2023-06-01')).toHaveLength(3)
    expect(texts('2023-06-01')[0]).toContain('is not valid before')
  })
})
