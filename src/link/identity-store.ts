/**
 * The state folder of a manager: what others recognise it by must be the same after a restart.
 *
 * | file              | mode | holds                                                     |
 * | ----------------- | ---- | --------------------------------------------------------- |
 * | `identity.json`   | 0600 | the seed of the Ed25519 key                               |
 * | `certificate.key` | 0600 | the certificate made at start and its private key         |
 * | `certificate.pem` | 0644 | the certificate alone, for the other side to pin          |
 *
 * The folder belongs to one manager (`stateName`); `known-peers.ts` keeps its file there too, a
 * parent its epochs (`epoch-store.ts`), a child those of its parents and the processes it started.
 */
import { join } from 'node:path'
import { MachinesError, toError } from '../errors.js'
import type { System } from '../system/system.js'
import { makeCertificate } from '../transport/self-signed.js'
import type { KeyedCertificate } from '../transport/tls-material.js'
import { type Identity, identityFromSeed, seedBytes } from './identity.js'
import { keptCertificate } from './identity-certificate.js'
import {
  createStateFile,
  ensureFolder,
  parseState,
  readStateFile,
  refused,
} from './identity-files.js'

export interface LoadedIdentity {
  readonly identity: Identity
  /** The certificate made at start; undefined when the user's own is to be used. */
  readonly certificate: KeyedCertificate | undefined
  /** Where it is kept; undefined: there can be no folder, all is forgotten with this process. */
  readonly folder: string | undefined
  /** DM_STATE_DIR for each thing that could not be kept, to be shown as warnings. */
  readonly warnings: readonly MachinesError[]
}

export interface IdentityOptions {
  /** Whether a certificate is needed: not where the user gave `tls.public`. Default true. */
  readonly certificate?: boolean
}

/**
 * Reads the identity in `<stateDir>/<name>/`, or makes one and keeps it there.
 *
 * Where the folder cannot be written, identity and certificate live in memory and warnings say so.
 * What is there but cannot be used (corrupt, unreadable, open to other users) is never replaced,
 * because peers know this manager by it: rejects with DM_STATE_DIR, which names file and remedy.
 */
export async function loadIdentity(
  stateDir: string,
  name: string,
  system: System,
  options: IdentityOptions = {},
): Promise<LoadedIdentity> {
  const folder = join(stateDir, name)
  const warnings: MachinesError[] = []
  const keptOrMade = async <Kept>(
    what: string,
    keep: () => Kept | Promise<Kept>,
    make: () => Kept | Promise<Kept>,
  ): Promise<Kept> => {
    try {
      return await keep()
    } catch (thrown) {
      // Refusals are for the user to clear; what else is thrown is the system's word on writing.
      if (thrown instanceof MachinesError) throw thrown
      warnings.push(notKept(folder, what, thrown))
      return make()
    }
  }
  const identity = await keptOrMade(
    'identity',
    () => keptIdentity(folder, system),
    () => identityFromSeed(system.randomBytes(seedBytes)),
  )
  const certificate =
    options.certificate === false
      ? undefined
      : await keptOrMade(
          'certificate',
          () => keptCertificate(folder, name, system, warnings),
          () => makeCertificate(name),
        )
  return { identity, certificate, folder: usable(folder), warnings }
}

function usable(folder: string): string | undefined {
  try {
    ensureFolder(folder)
    return folder
  } catch {
    return undefined
  }
}

function notKept(folder: string, what: string, thrown: unknown): MachinesError {
  const why = `cannot be written (${toError(thrown).message})`
  const so = `this manager has a new ${what} after every start, and peers that knew it refuse it`
  return refused(folder, `${why}; ${so}`, thrown)
}

function keptIdentity(folder: string, system: System): Identity {
  ensureFolder(folder)
  const file = join(folder, 'identity.json')
  const kept = readIdentity(file)
  if (kept !== undefined) return kept
  const seed = system.randomBytes(seedBytes)
  const made = identityFromSeed(seed)
  const content = {
    about: 'The secret identity of one manager: not to be shared, not to be used by another one.',
    seed: Buffer.from(seed).toString('base64'),
    publicKey: Buffer.from(made.publicKey).toString('base64'),
  }
  const text = `${JSON.stringify(content, null, 2)}\n`
  if (createStateFile(file, text, 'private', system)) return made
  // Another process was faster; its identity is the one that counts.
  return readIdentity(file) ?? made
}

function readIdentity(file: string): Identity | undefined {
  const text = readStateFile(file, 'private')
  if (text === undefined) return undefined
  const { seed: seedText, publicKey } = parseState(file, text)
  const seed = typeof seedText === 'string' ? Buffer.from(seedText, 'base64') : Buffer.alloc(0)
  if (seed.length !== seedBytes) throw refused(file, 'it holds no identity')
  const identity = identityFromSeed(seed)
  // The key is there twice on purpose: a seed with one wrong letter is a seed too, of someone else.
  if (publicKey !== Buffer.from(identity.publicKey).toString('base64')) {
    throw refused(file, 'its seed and its public key do not belong together')
  }
  return identity
}

/**
 * The name of a manager's folder: `parent`, or `child-127.0.0.1-8379`, as two children may run on
 * one machine. Lower case, and only characters that every file system takes.
 */
export function stateName(kind: 'child' | 'parent', host?: string, port?: number): string {
  const parts = [kind, host, port].filter((part) => part !== undefined)
  return parts
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, '_')
}
