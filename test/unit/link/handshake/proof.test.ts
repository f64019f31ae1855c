import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  checkSecret,
  joinProven,
  makeProof,
  splitProven,
  transcriptHash,
} from '../../../../src/link/handshake/proof.js'
import { testTrust, testVerify } from '../../../support/test-identity.js'

const parts = [Buffer.from('binding'), Buffer.from('DSCM..')]
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('the transcript hash', () => {
  it('is the one of the protocol page', () => {
    const written = [
      '\0\0\0\x1d',
      'discordoo-machines link proof',
      '\0\0\0\x06',
      'parent',
      '\0\0\0\x01',
      '\x01',
      '\0\0\0\x07',
      'binding',
      '\0\0\0\x06',
      'DSCM..',
    ]
    const expected = createHash('sha512').update(written.join(''), 'latin1').digest('hex')
    expect(hex(transcriptHash('parent', 1, parts))).toBe(expected)
  })

  it('is another one for each role, version, and place where one part ends', () => {
    const hashes = [
      transcriptHash('parent', 1, parts),
      transcriptHash('child', 1, parts),
      transcriptHash('parent', 2, parts),
      transcriptHash('parent', 1, [Buffer.from('bindingDSCM..')]),
      transcriptHash('parent', 1, [Buffer.from('bindingD'), Buffer.from('SCM..')]),
      transcriptHash('parent', 1, [...parts, Buffer.alloc(0)]),
    ]
    expect(new Set(hashes.map(hex)).size).toBe(hashes.length)
  })
})

describe('a proof', () => {
  const digest = transcriptHash('child', 1, parts)
  const secret = 'a secret of 16 bytes'

  it('is a signature, with a mac behind it where there is a secret', () => {
    const bare = makeProof(testTrust(1), digest)
    const full = makeProof(testTrust(1, { secret }), digest)
    expect([bare.length, full.length]).toEqual([64, 96])
    expect(full.subarray(0, 64)).toEqual(bare)
    expect(testVerify(testTrust(1).identity.publicKey, digest, bare)).toBe(true)
    expect(checkSecret(undefined, digest, bare)).toBe('absent')
    expect(checkSecret(secret, digest, bare)).toBe('absent')
    expect(checkSecret(undefined, digest, full)).toBe('unexpected')
    expect(checkSecret(secret, digest, full)).toBe('valid')
    expect(checkSecret('another secret of 16', digest, full)).toBe('invalid')
    expect(checkSecret(secret, transcriptHash('parent', 1, parts), full)).toBe('invalid')
  })

  it('has a mac that anybody can compute who knows the protocol page', () => {
    // HKDF-SHA256 (RFC 5869) and HMAC-SHA256, by another implementation.
    const fixed = makeProof(testTrust(1, { secret }), Buffer.alloc(64, 7))
    expect(hex(fixed.subarray(64))).toBe(
      'ba201e63443061a422349f3e74301a888ddf3859f854749d4a972655898da6f9',
    )
  })

  it.each([0, 63, 65, 95, 97])('of %i bytes is refused', (length) => {
    const payload = joinProven({ body: Buffer.from('{}'), proof: new Uint8Array(length) })
    expect(() => splitProven(payload)).toThrow(
      expect.objectContaining({ code: 'DM_HANDSHAKE_INVALID' }),
    )
  })

  it('is refused when its body is said to be longer than the frame', () => {
    expect(() => splitProven(Buffer.from('ffffffff00', 'hex'))).toThrow(
      expect.objectContaining({ code: 'DM_HANDSHAKE_INVALID' }),
    )
  })
})
