import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import type { ResolvedTls } from '../../../src/options/resolved-options.js'
import { loadTlsMaterial, withFallback } from '../../../src/transport/tls-material.js'
import { type CertificateFiles, CertificateFolder } from '../../support/certificates.js'

const folder = new CertificateFolder()
let one: CertificateFiles
let other: CertificateFiles
let authority: CertificateFiles

beforeAll(async () => {
  one = await folder.leaf('one')
  other = await folder.leaf('other')
  authority = await folder.authority('authority')
})
afterAll(() => folder.remove())

function tls(given: Partial<ResolvedTls>): ResolvedTls {
  return {
    public: undefined,
    private: undefined,
    dhparam: undefined,
    requestCert: undefined,
    rejectUnauthorized: true,
    trustedConnections: [],
    ...given,
  }
}

function load(given: Partial<ResolvedTls>): ReturnType<typeof loadTlsMaterial> {
  return loadTlsMaterial(tls(given), 'machines.tls', undefined)
}

function read(file: string): string {
  return readFileSync(file, 'utf8')
}

describe('loadTlsMaterial', () => {
  it('reads certificate and key', () => {
    const { own } = load(one)
    expect(own).toEqual({ cert: read(one.public), key: read(one.private) })
  })

  it('keeps the chain behind the certificate', () => {
    const chain = folder.write('chain.pub', read(one.public) + read(authority.public))
    expect(load({ ...one, public: chain }).own?.cert).toBe(read(chain))
  })

  it('takes the certificate made at start where none is given', () => {
    const made = { cert: 'made cert', key: 'made key' }
    expect(loadTlsMaterial(tls({}), 'machines.tls', made).own).toBe(made)
    expect(loadTlsMaterial(tls(one), 'machines.tls', made).own).not.toBe(made)
    expect(load({}).own).toBeUndefined()
    expect(withFallback(load({}), made).own).toBe(made)
    expect(withFallback(load(one), made).own).toEqual(load(one).own)
  })

  it('pins every certificate of every trusted file, and takes authorities as such too', () => {
    const both = folder.write('both.pub', `one:\r\n${read(one.public)}${read(authority.public)}`)
    const material = load({ trustedConnections: [both, other.public] })
    expect(material.pins.size).toBe(3)
    expect(material.authorities).toEqual([read(authority.public)])
    expect(material.loaded.map(({ role, path }) => [role, path])).toEqual([
      ['pin', 'machines.tls.trustedConnections[0]'],
      ['authority', 'machines.tls.trustedConnections[0]'],
      ['pin', 'machines.tls.trustedConnections[1]'],
    ])
  })

  it('accepts a dhparam file, of which TLS 1.3 makes no use', () => {
    expect(load({ dhparam: folder.dhparam() }).own).toBeUndefined()
  })

  it('follows links to files', () => {
    const link = join(folder.path, 'link.pub')
    symlinkSync(one.public, link)
    expect(load({ ...one, public: link }).own).toEqual(load(one).own)
  })
})

describe('loadTlsMaterial refuses', () => {
  const junk = '-----BEGIN CERTIFICATE-----\nSECRETJUNK\n-----END CERTIFICATE-----\n'
  // Each gives the options, the code, the option that is at fault and a part of the message.
  const faults: readonly [
    string,
    () => Partial<ResolvedTls> | Promise<Partial<ResolvedTls>>,
    string,
    string,
    string,
  ][] = [
    [
      'a missing file',
      () => ({ ...one, public: '/no/such/file' }),
      'DM_OPTION_FILE',
      'public',
      'there is no such file',
    ],
    [
      'a missing trusted file',
      () => ({ trustedConnections: [one.public, '/no/such'] }),
      'DM_OPTION_FILE',
      'trustedConnections[1]',
      '/no/such',
    ],
    [
      'a folder',
      () => ({ ...one, private: folder.path }),
      'DM_OPTION_FILE',
      'private',
      folder.path,
    ],
    [
      'a file that is too large',
      () => ({ dhparam: folder.write('large', 'x'.repeat(limits.smallFileBytesMax + 1)) }),
      'DM_OPTION_FILE',
      'dhparam',
      'more than',
    ],
    [
      'a certificate without its key',
      () => ({ public: one.public }),
      'DM_OPTION_MISSING',
      'private',
      'machines.tls.public alone is of no use',
    ],
    [
      'a key without its certificate',
      () => ({ private: one.private }),
      'DM_OPTION_MISSING',
      'public',
      'machines.tls.private alone is of no use',
    ],
    [
      'the key of another certificate',
      () => ({ ...one, private: other.private }),
      'DM_CERTIFICATE_INVALID',
      'private',
      'is not the private key of the certificate',
    ],
    [
      'a key where the certificate belongs',
      () => ({ ...one, public: one.private }),
      'DM_CERTIFICATE_INVALID',
      'public',
      'no PEM certificate but a private key',
    ],
    [
      'a certificate where the key belongs',
      () => ({ ...one, private: one.public }),
      'DM_CERTIFICATE_INVALID',
      'private',
      'no PEM private key but a PEM block "CERTIFICATE"',
    ],
    [
      'an encrypted key',
      () => folder.leaf('locked', { passphrase: 'open sesame' }),
      'DM_CERTIFICATE_INVALID',
      'private',
      'encrypted with a passphrase',
    ],
    [
      'a damaged certificate',
      () => ({ ...one, public: folder.write('junk.pub', junk) }),
      'DM_CERTIFICATE_INVALID',
      'public',
      'refused by OpenSSL',
    ],
    [
      'a damaged key',
      () => ({
        ...one,
        private: folder.write('junk.key', junk.replaceAll('CERTIFICATE', 'PRIVATE KEY')),
      }),
      'DM_CERTIFICATE_INVALID',
      'private',
      'refused by OpenSSL',
    ],
    [
      'an empty file',
      () => ({ trustedConnections: [folder.write('empty', '')] }),
      'DM_CERTIFICATE_INVALID',
      'trustedConnections[0]',
      'no PEM block',
    ],
    [
      'a certificate cut short',
      () => ({ trustedConnections: [folder.write('cut', read(one.public).slice(0, 200))] }),
      'DM_CERTIFICATE_INVALID',
      'trustedConnections[0]',
      'no PEM certificate',
    ],
    [
      'a certificate as dhparam',
      () => ({ dhparam: one.public }),
      'DM_CERTIFICATE_INVALID',
      'dhparam',
      'no PEM DH parameters',
    ],
    [
      'damaged DH parameters',
      () => ({ dhparam: folder.write('junk.dh', junk.replaceAll('CERTIFICATE', 'DH PARAMETERS')) }),
      'DM_CERTIFICATE_INVALID',
      'dhparam',
      'holds damaged DH parameters',
    ],
  ]

  it.each(faults)('%s', async (_name, make, code, option, message) => {
    const given = await make()
    let thrown: unknown
    try {
      load(given)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({
      code,
      path: `machines.tls.${option}`,
      message: expect.stringContaining(message),
    })
    expect(JSON.stringify(thrown)).not.toContain('SECRETJUNK')
    expect(String(thrown)).not.toContain('SECRETJUNK')
  })
})
