/**
 * Identities that cost a hash instead of a signature: the simulation makes tens of thousands of
 * handshakes, and is not about cryptography. Whoever knows the public key can sign; nobody here does.
 */
import { createHash } from 'node:crypto'
import type { LinkTrust } from '../../src/link/handshake/trust.js'

function cheapSignature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  return createHash('sha512').update(publicKey).update(message).digest()
}

/** Trusts whoever signs with the key it presents. */
export function cheapTrust(seed: number): LinkTrust {
  const publicKey = Buffer.alloc(32, seed)
  return {
    identity: { publicKey, sign: (message) => cheapSignature(publicKey, message) },
    secret: undefined,
    trustedKeys: [],
    certificateDemanded: false,
    recall: () => 'known',
    remember: () => {},
    verify: (key, message, signature) =>
      Buffer.compare(cheapSignature(key, message), signature) === 0,
  }
}
