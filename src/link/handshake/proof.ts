/**
 * How a side proves who it is: an Ed25519 signature over a hash of everything both sides have said
 * on this very TLS channel, and, where a secret is configured, an HMAC over the same hash.
 *
 * What is hashed decides what an attacker can do with a proof that was seen elsewhere. Both nonces:
 * no replay. The role: a side's own proof cannot be reflected to it. The channel binding and both
 * keys: no relay to another machine or through another channel. Both prefaces: no quiet downgrade.
 */
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { MachinesError } from '../../errors.js'
import { signatureBytes } from '../identity.js'
import type { SecretProof } from './recognise.js'
import type { LinkTrust } from './trust.js'

export type Role = 'parent' | 'child'

const label = 'discordoo-machines link proof'
const secretLabel = 'discordoo-machines link secret'
const macBytes = 32

/** SHA-512 over the parts, each with its length in front so that none can run into the next. */
export function transcriptHash(
  role: Role,
  protocol: number,
  parts: readonly Uint8Array[],
): Uint8Array {
  const hash = createHash('sha512')
  const head = [Buffer.from(label), Buffer.from(role), Buffer.of(protocol)]
  for (const part of [...head, ...parts]) {
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32BE(part.length, 0)
    hash.update(length).update(part)
  }
  return hash.digest()
}

/** HMAC-SHA256 under a key drawn from the secret (HKDF, RFC 5869). */
function mac(secret: string, digest: Uint8Array): Uint8Array {
  const key = hkdfSync('sha256', secret, '', secretLabel, macBytes)
  return createHmac('sha256', Buffer.from(key)).update(digest).digest()
}

/** `signature | mac`, the second half only where there is a secret. */
export function makeProof(trust: LinkTrust, digest: Uint8Array): Uint8Array {
  const signature = trust.identity.sign(digest)
  if (trust.secret === undefined) return signature
  return Buffer.concat([signature, mac(trust.secret, digest)])
}

/** The cheap half of a check, without the signature; compares in constant time. */
export function checkSecret(
  secret: string | undefined,
  digest: Uint8Array,
  proof: Uint8Array,
): SecretProof {
  const given = proof.subarray(signatureBytes)
  if (given.length === 0) return 'absent'
  if (secret === undefined) return 'unexpected'
  return timingSafeEqual(given, mac(secret, digest)) ? 'valid' : 'invalid'
}

export function signatureOf(proof: Uint8Array): Uint8Array {
  return proof.subarray(0, signatureBytes)
}

/** A handshake body together with the proof that covers it. */
export interface Proven {
  readonly body: Uint8Array
  readonly proof: Uint8Array
}

/** `u32 length of body | body | proof`: the proof stands outside, so it can cover exact bytes. */
export function joinProven({ body, proof }: Proven): Uint8Array {
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(body.length, 0)
  return Buffer.concat([length, body, proof])
}

/** Throws DM_HANDSHAKE_INVALID when the lengths do not fit together. */
export function splitProven(payload: Uint8Array): Proven {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const end = 4 + view.getUint32(0)
  const proofBytes = payload.length - end
  if (proofBytes !== signatureBytes && proofBytes !== signatureBytes + macBytes) {
    throw new MachinesError('DM_HANDSHAKE_INVALID', 'a proof has the wrong length')
  }
  return { body: payload.subarray(4, end), proof: payload.subarray(end) }
}
