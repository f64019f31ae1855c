/** Ed25519 identities from a seed, by Node's own crypto: the same ones in every run. */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import type { LinkTrust } from '../../src/link/handshake/trust.js'
import type { Identity } from '../../src/link/identity.js'

// What RFC 8410 puts in front of the 32 raw bytes.
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex')

export function testIdentity(seed: number): Identity {
  const key = createPrivateKey({
    key: Buffer.concat([pkcs8Head, Buffer.alloc(32, seed)]),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    publicKey: spki.subarray(spkiHead.length),
    sign: (message) => sign(null, message, key),
  }
}

export function testVerify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = createPublicKey({
    key: Buffer.concat([spkiHead, publicKey]),
    format: 'der',
    type: 'spki',
  })
  return verify(null, message, key, signature)
}

export function keyOf(identity: Identity): string {
  return Buffer.from(identity.publicKey).toString('base64')
}

/** Trust on first use with a memory of one peer, unless something else is given. */
export function testTrust(seed: number, given: Partial<LinkTrust> = {}): LinkTrust {
  let known: string | undefined
  return {
    identity: testIdentity(seed),
    secret: undefined,
    trustedKeys: [],
    certificateDemanded: false,
    recall: (key) => (known === undefined ? 'new' : known === key ? 'known' : 'changed'),
    remember: (key) => {
      known = key
    },
    verify: testVerify,
    ...given,
  }
}
