import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { makeCertificate } from '../../../src/transport/self-signed.js'

describe('makeCertificate', () => {
  it('makes an EC certificate that fits its key and is nobody’s authority', async () => {
    const { cert, key } = await makeCertificate('child-127.0.0.1-8379')
    const certificate = new X509Certificate(cert)
    expect(certificate.subject).toBe('CN=child-127.0.0.1-8379')
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
  })

  it('does not depend on the clock and does not expire', async () => {
    const certificate = new X509Certificate((await makeCertificate('parent')).cert)
    expect(Date.parse(certificate.validFrom)).toBe(Date.UTC(2020, 0, 1))
    expect(new Date(certificate.validTo).getUTCFullYear()).toBe(9999)
  })

  it('makes another key each time', async () => {
    const [one, other] = [await makeCertificate('a'), await makeCertificate('a')]
    expect(one.key).not.toBe(other.key)
  })

  it('lets no name become anything but a common name', async () => {
    const { cert } = await makeCertificate(`a, O=Bank + CN=b\n${'c'.repeat(100)}`)
    const { subject } = new X509Certificate(cert)
    expect(subject).toMatch(/^CN=a_ O_Bank _ CN_b_c+$/)
    expect(subject).toHaveLength('CN='.length + 64)
  })
})
