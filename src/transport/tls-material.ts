/**
 * What the `tls` options name, read and checked before anything starts: the own certificate with
 * its key, and the certificates of the peers that are trusted.
 *
 * A pin is a certificate among `trustedConnections`, and is compared byte by byte (DER). It is
 * accepted by what it is: its holder proves to have the private key, so neither the host name in it
 * nor its dates are looked at, as with the keys of ssh; an expired one is accepted with a warning.
 * A CA certificate among them is a pin too, and vouches for what it signed; there OpenSSL checks
 * signatures, dates and purposes.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { MachinesError } from '../errors.js'
import type { ResolvedTls } from '../options/resolved-options.js'
import type { CertificateOptions } from './certificate-policy.js'
import { dhParameterFault } from './dh-parameters.js'
import { describePem, type NamedFile, pemBlocks, readNamedFile } from './pem-file.js'
import { tlsReason } from './tls-failure.js'

/** A certificate and its private key, both PEM. The key is a secret: never log this object. */
export interface KeyedCertificate {
  /** The certificate of this side; those of the authorities between it and a root may follow. */
  readonly cert: string
  readonly key: string
}

/** A certificate that was read from a file, for warnings about its dates. */
export interface LoadedCertificate extends NamedFile {
  readonly role: 'own' | 'pin' | 'authority'
  readonly certificate: X509Certificate
}

export interface TlsMaterial {
  /** What this side shows; undefined: nothing, which only a client can afford. */
  readonly own: KeyedCertificate | undefined
  /** DER of the pinned certificates, as base64. */
  readonly pins: ReadonlySet<string>
  /** The CA certificates among them, PEM. */
  readonly authorities: readonly string[]
  readonly options: CertificateOptions
  readonly loaded: readonly LoadedCertificate[]
}

/**
 * Reads and checks everything that the `tls` options name. Synchronous, for use at construction.
 *
 * `optionPath` is where the options stand (`machines.tls`), `fallback` the certificate to show when
 * `tls.public` is not given. Throws DM_OPTION_FILE (missing, unreadable, too large),
 * DM_OPTION_MISSING (certificate without key or the reverse) or DM_CERTIFICATE_INVALID, with the
 * path of the option and of the file and never with what is in it.
 */
export function loadTlsMaterial(
  tls: ResolvedTls,
  optionPath: string,
  fallback: KeyedCertificate | undefined,
): TlsMaterial {
  const loaded: LoadedCertificate[] = []
  const own = loadOwn(tls, optionPath, loaded)
  if (tls.dhparam !== undefined) {
    checkDhparam({ file: tls.dhparam, path: `${optionPath}.dhparam` })
  }
  for (const [index, file] of tls.trustedConnections.entries()) {
    loaded.push(...loadTrusted({ file, path: `${optionPath}.trustedConnections[${index}]` }))
  }
  const trusted = loaded.filter(({ role }) => role !== 'own')
  const authorities = trusted.filter(({ role }) => role === 'authority')
  return {
    own: own ?? fallback,
    pins: new Set(trusted.map(({ certificate }) => pinOf(certificate))),
    authorities: authorities.map(({ certificate }) => certificate.toString()),
    options: tls,
    loaded,
  }
}

/** How a certificate is compared with the pins. */
export function pinOf(certificate: X509Certificate): string {
  return certificate.raw.toString('base64')
}

/** Fills in what `loadTlsMaterial` could not know yet: the certificate made at start. */
export function withFallback(material: TlsMaterial, fallback: KeyedCertificate): TlsMaterial {
  return { ...material, own: material.own ?? fallback }
}

function loadOwn(
  tls: ResolvedTls,
  optionPath: string,
  loaded: LoadedCertificate[],
): KeyedCertificate | undefined {
  const certificatePath = `${optionPath}.public`
  const keyPath = `${optionPath}.private`
  if (tls.public === undefined && tls.private === undefined) return undefined
  if (tls.public === undefined) throw halfGiven(certificatePath, keyPath)
  if (tls.private === undefined) throw halfGiven(keyPath, certificatePath)
  const certificateFile = { file: tls.public, path: certificatePath }
  const keyFile = { file: tls.private, path: keyPath }

  const chain = readCertificates(certificateFile)
  const key = readNamedFile(keyFile)
  const keyObject = parseKey(keyFile, key)
  const [leaf] = chain
  if (leaf === undefined || !leaf.checkPrivateKey(keyObject)) {
    throw invalid(keyFile, `is not the private key of the certificate ${certificateFile.file}`)
  }
  const own = { cert: chain.map(String).join(''), key }
  accepted(certificateFile, () => createSecureContext(own))
  loaded.push({ ...certificateFile, role: 'own', certificate: leaf })
  return own
}

function loadTrusted(named: NamedFile): readonly LoadedCertificate[] {
  return readCertificates(named).map((certificate) => ({
    ...named,
    role: certificate.ca ? 'authority' : 'pin',
    certificate,
  }))
}

function readCertificates(named: NamedFile): readonly X509Certificate[] {
  const text = readNamedFile(named)
  const blocks = pemBlocks(text, 'CERTIFICATE')
  if (blocks.length === 0) {
    throw invalid(named, `holds no PEM certificate but ${describePem(text)}`)
  }
  return blocks.map((block) => accepted(named, () => new X509Certificate(block)))
}

function parseKey(named: NamedFile, text: string): KeyObject {
  if (text.includes('ENCRYPTED')) {
    throw invalid(named, 'is encrypted with a passphrase, which no option can give')
  }
  if (!text.includes('PRIVATE KEY-----')) {
    throw invalid(named, `holds no PEM private key but ${describePem(text)}`)
  }
  return accepted(named, () => createPrivateKey(text))
}

function checkDhparam(named: NamedFile): void {
  const fault = dhParameterFault(readNamedFile(named))
  if (fault !== undefined) throw invalid(named, fault)
}

function accepted<Result>(named: NamedFile, parse: () => Result): Result {
  try {
    return parse()
  } catch (thrown) {
    throw invalid(named, `is refused by OpenSSL: ${tlsReason(thrown)}`)
  }
}

function invalid(named: NamedFile, what: string): MachinesError {
  return new MachinesError('DM_CERTIFICATE_INVALID', `${named.path}: ${named.file} ${what}`, {
    path: named.path,
    given: named.file,
  })
}

function halfGiven(missingPath: string, givenPath: string): MachinesError {
  return new MachinesError(
    'DM_OPTION_MISSING',
    `${missingPath} is missing: ${givenPath} alone is of no use`,
    { path: missingPath },
  )
}
