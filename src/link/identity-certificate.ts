/**
 * The certificate that a manager makes for itself, kept in its state folder.
 *
 * Key and certificate stand together in `certificate.key`: one file is there whole or not at all,
 * so two processes that start together cannot end up with the key of one and the certificate of the
 * other. `certificate.pem` is a copy for people, written anew whenever it says something else.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { MachinesError, toError } from '../errors.js'
import type { System } from '../system/system.js'
import { pemBlocks } from '../transport/pem-file.js'
import { makeCertificate } from '../transport/self-signed.js'
import type { KeyedCertificate } from '../transport/tls-material.js'
import {
  createStateFile,
  ensureFolder,
  readStateFile,
  refused,
  replaceStateFile,
} from './identity-files.js'

/**
 * Reads the certificate in `folder`, or makes one for `name` and keeps it there. Rejects with
 * DM_STATE_DIR when what is there cannot be used, and with the system's error when it cannot write;
 * a copy that cannot be written only adds to `warnings`.
 */
export async function keptCertificate(
  folder: string,
  name: string,
  system: System,
  warnings: MachinesError[],
): Promise<KeyedCertificate> {
  ensureFolder(folder)
  const file = join(folder, 'certificate.key')
  const certificate = read(file) ?? (await create(file, name, system))
  publish(join(folder, 'certificate.pem'), certificate, system, warnings)
  return certificate
}

async function create(file: string, name: string, system: System): Promise<KeyedCertificate> {
  const made = await makeCertificate(name)
  if (createStateFile(file, made.key + made.cert, 'private', system)) return made
  // Another process was faster; its certificate is the one that counts.
  return read(file) ?? made
}

function read(file: string): KeyedCertificate | undefined {
  const text = readStateFile(file, 'private')
  if (text === undefined) return undefined
  const [key] = pemBlocks(text, 'PRIVATE KEY')
  const [cert] = pemBlocks(text, 'CERTIFICATE')
  if (key === undefined || cert === undefined || !belongTogether(cert, key)) {
    throw refused(file, 'it does not hold a certificate and its private key')
  }
  return { cert, key }
}

function belongTogether(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

function publish(
  file: string,
  { cert }: KeyedCertificate,
  system: System,
  warnings: MachinesError[],
): void {
  try {
    if (readStateFile(file, 'public') !== cert) replaceStateFile(file, cert, 'public', system)
  } catch (thrown) {
    warnings.push(
      thrown instanceof MachinesError
        ? thrown
        : refused(file, `cannot be written (${toError(thrown).message})`, thrown),
    )
  }
}
