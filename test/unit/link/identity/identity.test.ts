import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import * as fc from 'fast-check'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import {
  fingerprint,
  identityFromSeed,
  seedBytes,
  verifySignature,
} from '../../../../src/link/identity.js'

const seeds = fc.uint8Array({ minLength: seedBytes, maxLength: seedBytes })
const messages = fc.uint8Array({ maxLength: 300 })
/** tweetnacl takes milliseconds for each signature. */
const numRuns = 15

/** The same key for node:crypto: RFC 8410, 7 writes a seed as PKCS#8 behind these bytes. */
function nativeKey(seed: Uint8Array): ReturnType<typeof createPrivateKey> {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' })
}

describe('identityFromSeed', () => {
  it('gives the key and signature of RFC 8032, 7.1, test 2', () => {
    const seed = Buffer.from(
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      'hex',
    )
    const identity = identityFromSeed(seed)
    expect(Buffer.from(identity.publicKey).toString('hex')).toBe(
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    )
    expect(Buffer.from(identity.sign(Buffer.from([0x72]))).toString('hex')).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    )
  })

  it('signs and has the same key as node:crypto does, whatever seed and message', () => {
    fc.assert(
      fc.property(seeds, messages, (seed, message) => {
        const identity = identityFromSeed(seed)
        const key = nativeKey(seed)
        const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
        expect(Buffer.from(identity.publicKey)).toEqual(spki.subarray(-32))
        expect(Buffer.from(identity.sign(message))).toEqual(sign(null, message, key))
      }),
      { numRuns },
    )
  })

  it('keeps no hold of the seed it was given', () => {
    const seed = new Uint8Array(seedBytes).fill(7)
    const identity = identityFromSeed(seed)
    const message = Buffer.from('message')
    const before = identity.sign(message)
    seed.fill(0)
    expect(identity.sign(message)).toEqual(before)
  })

  it.each([0, 31, 33, 64])('refuses a seed of %i bytes', (length) => {
    expect(() => identityFromSeed(new Uint8Array(length))).toThrow(/32 bytes/)
  })

  it('shows nothing secret when it is logged', () => {
    const identity = identityFromSeed(new Uint8Array(seedBytes).fill(7))
    expect(Object.keys(identity).toSorted()).toEqual(['publicKey', 'sign'])
  })
})

describe('verifySignature', () => {
  const identity = identityFromSeed(new Uint8Array(seedBytes).fill(1))
  const message = Buffer.from('what was signed')
  const signature = identity.sign(message)

  it('agrees with tweetnacl on good signatures and on ones with a flipped bit', () => {
    fc.assert(
      fc.property(seeds, messages, fc.nat({ max: 64 * 8 - 1 }), (seed, text, bit) => {
        const signer = identityFromSeed(seed)
        const good = signer.sign(text)
        expect(nacl.sign.detached.verify(text, good, signer.publicKey)).toBe(true)
        expect(verifySignature(signer.publicKey, text, good)).toBe(true)
        const bad = Uint8Array.from(good)
        bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(nacl.sign.detached.verify(text, bad, signer.publicKey)).toBe(false)
        expect(verifySignature(signer.publicKey, text, bad)).toBe(false)
      }),
      { numRuns },
    )
  })

  it('is false for another key and for another message', () => {
    const other = identityFromSeed(new Uint8Array(seedBytes).fill(2))
    expect(verifySignature(identity.publicKey, message, signature)).toBe(true)
    expect(verifySignature(other.publicKey, message, signature)).toBe(false)
    expect(verifySignature(identity.publicKey, Buffer.from('another'), signature)).toBe(false)
  })

  it('is false for wrong lengths', () => {
    for (const length of [0, 1, 31, 33, 64]) {
      expect(verifySignature(new Uint8Array(length), message, signature)).toBe(false)
    }
    for (const length of [0, 63, 65, 128]) {
      const wrong = Buffer.concat([signature, signature]).subarray(0, length)
      expect(verifySignature(identity.publicKey, message, wrong)).toBe(false)
    }
  })

  it('never throws and never agrees, whatever a stranger sends as a key', () => {
    fc.assert(
      fc.property(seeds, (key) => {
        expect(verifySignature(key, message, signature)).toBe(false)
      }),
    )
    expect(verifySignature(new Uint8Array(32).fill(0xff), message, signature)).toBe(false)
  })
})

describe('fingerprint', () => {
  it('has the form that ssh shows', () => {
    expect(fingerprint(new Uint8Array(32))).toBe(
      'SHA256:Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU',
    )
  })
})
