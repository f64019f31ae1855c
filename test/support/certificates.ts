/** Certificates for tests, as files in a temporary folder that `remove()` takes away. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

/** Paths, named as in the `tls` options. */
export interface CertificateFiles {
  readonly public: string
  readonly private: string
}

export interface LeafOptions {
  /** Who signs; without it the certificate signs itself. */
  readonly by?: CertificateFiles
  /** DNS names and IP addresses in subjectAltName. */
  readonly hosts?: readonly string[]
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly passphrase?: string
}

/** ffdhe2048 of RFC 7919, appendix A.1, as the PEM that `openssl dhparam` writes. */
export const dhparamPem = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`

const yearMs = 365 * 24 * 3600 * 1000

export class CertificateFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), 'machines-certificates-'))

  /** A CA that signs itself, or is signed by another one. */
  authority(name: string, options: LeafOptions = {}): Promise<CertificateFiles> {
    return this.#make(name, options, [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ])
  }

  /** A certificate for both sides of TLS; nobody's CA. */
  leaf(name: string, options: LeafOptions = {}): Promise<CertificateFiles> {
    const altNames = (options.hosts ?? []).map((host) =>
      isIP(host) === 0 ? { type: 2 as const, value: host } : { type: 7 as const, ip: host },
    )
    return this.#make(name, options, [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      ...(altNames.length === 0 ? [] : [{ name: 'subjectAltName' as const, altNames }]),
    ])
  }

  /** Path of a dhparam file. */
  dhparam(): string {
    return this.write('dhparam.pem', dhparamPem)
  }

  /** Writes a file and returns its path. */
  write(name: string, text: string): string {
    const file = join(this.path, name)
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }

  async #make(
    name: string,
    { by, notBefore, notAfter, passphrase }: LeafOptions,
    extensions: NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>,
  ): Promise<CertificateFiles> {
    const made = await generate([{ name: 'commonName', value: name }], {
      keyType: 'ec',
      algorithm: 'sha256',
      notBeforeDate: notBefore ?? new Date(Date.now() - yearMs),
      notAfterDate: notAfter ?? new Date(Date.now() + yearMs),
      extensions,
      ...(by === undefined ? {} : { ca: readPair(by) }),
      ...(passphrase === undefined ? {} : { passphrase }),
    })
    return {
      public: this.write(`${name}.pub`, made.cert.trimEnd().concat('\n')),
      private: this.write(`${name}.key`, made.private),
    }
  }
}

function readPair(files: CertificateFiles): { cert: string; key: string } {
  return { cert: readFileSync(files.public, 'utf8'), key: readFileSync(files.private, 'utf8') }
}
