/**
 * The long-lived Ed25519 identity of a manager (RFC 8032); `identity-store.ts` keeps it on disk.
 *
 * Signing is done once per handshake and by tweetnacl; checking is done for whoever connects, so it
 * is left to OpenSSL, which takes a seventieth of the time and blocks nothing worth mentioning.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { createRequire } from 'node:module'
import type nacl from 'tweetnacl'
import { MachinesError } from '../errors.js'

export interface Identity {
  /** Raw public key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Detached signature, 64 bytes (tweetnacl: about 3 ms, so once per handshake). */
  sign(message: Uint8Array): Uint8Array
}

/** A manager as others know it. Both texts are public. */
export interface ManagerIdentity {
  /** Ed25519 public key, 32 bytes in base64, as `machines.trustedKeys` takes it. */
  readonly key: string
  /** The key for people to compare, as ssh shows it: `SHA256:` and unpadded base64. */
  readonly fingerprint: string
}

/** Bytes of the seed that a key pair is made from. It is the secret. */
export const seedBytes = 32
/** Bytes of a raw Ed25519 public key. */
export const publicKeyBytes = 32
/** Bytes of a detached Ed25519 signature. */
export const signatureBytes = 64

/**
 * The identity that belongs to a seed of 32 random bytes; the same seed gives the same identity.
 * Throws DM_INTERNAL for a seed of another length. The secret key stays inside.
 */
export function identityFromSeed(seed: Uint8Array): Identity {
  if (seed.length !== seedBytes) {
    throw new MachinesError('DM_INTERNAL', `an identity is made from ${seedBytes} bytes of seed`)
  }
  const { sign } = loadNacl()
  const { publicKey, secretKey } = sign.keyPair.fromSeed(Uint8Array.from(seed))
  return { publicKey, sign: (message) => sign.detached(message, secretKey) }
}

/**
 * Loads the library with the first identity, which a manager without other machines never has. By
 * `require`: an `import` would have Node look for the names that it exports in 60 KB of arithmetic.
 */
function loadNacl(): typeof nacl {
  return createRequire(import.meta.url)('tweetnacl')
}

/** Everything of the DER form of an Ed25519 public key (RFC 8410, 4) that comes before the key. */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * Whether `signature` is one of `publicKey` over `message`. All three may come from a stranger:
 * wrong lengths and keys that are no point of the curve give false, and nothing is thrown.
 */
export function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false
  try {
    return verify(null, message, keyObjectOf(publicKey), signature)
  } catch {
    return false
  }
}

function keyObjectOf(publicKey: Uint8Array): KeyObject {
  const key = Buffer.concat([spkiPrefix, publicKey])
  return createPublicKey({ key, format: 'der', type: 'spki' })
}

/**
 * A public key for people to compare, in the form that ssh shows: `SHA256:` and unpadded base64.
 */
export function fingerprint(publicKey: Uint8Array): string {
  const digest = createHash('sha256').update(publicKey).digest('base64')
  return `SHA256:${digest.replace(/=+$/, '')}`
}

export function shownIdentity(publicKey: Uint8Array): ManagerIdentity {
  return { key: Buffer.from(publicKey).toString('base64'), fingerprint: fingerprint(publicKey) }
}
