import { generatePrimeSync } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dhParameterFault } from '../../../src/transport/dh-parameters.js'
import { dhparamPem } from '../../support/certificates.js'

function pem(der: Uint8Array): string {
  const body = Buffer.from(der).toString('base64')
  return `-----BEGIN DH PARAMETERS-----\n${body}\n-----END DH PARAMETERS-----\n`
}

/** SEQUENCE { INTEGER prime, INTEGER 2 }, for primes of 64 to 120 bytes. */
function shortParameters(prime: Uint8Array): Buffer {
  const integer = Buffer.concat([Buffer.from([2, prime.length + 1, 0]), prime])
  const body = Buffer.concat([integer, Buffer.from([2, 1, 2])])
  return Buffer.concat([Buffer.from([0x30, body.length]), body])
}

const der = Buffer.from(dhparamPem.split('\n').slice(1, -2).join(''), 'base64')

describe('dhParameterFault', () => {
  it('finds no fault in the group of RFC 7919', () => {
    expect(dhParameterFault(dhparamPem)).toBeUndefined()
    expect(dhParameterFault(`a comment\r\n${dhparamPem.replaceAll('\n', '\r\n')}`)).toBeUndefined()
  })

  it('finds a prime that is none', () => {
    const damaged = Buffer.from(der)
    damaged[200] = (damaged[200] ?? 0) ^ 1
    expect(dhParameterFault(pem(damaged))).toContain('without a prime')
  })

  it('finds parameters that TLS would refuse as too short', () => {
    const prime = new Uint8Array(generatePrimeSync(512))
    expect(dhParameterFault(pem(shortParameters(prime)))).toContain('too short')
  })

  it('refuses a prime that would take minutes to check', () => {
    const integer = Buffer.concat([Buffer.from([2, 0x82, 0x10, 0x00]), Buffer.alloc(0x1000, 0xff)])
    const body = Buffer.concat([integer, Buffer.from([2, 1, 2])])
    const long = Buffer.concat([
      Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff]),
      body,
    ])
    expect(dhParameterFault(pem(long))).toContain('too long')
  })

  it('finds a fault wherever the bytes are cut off', () => {
    for (let length = 0; length < der.length; length += 1) {
      expect(dhParameterFault(pem(der.subarray(0, length)))).toContain('damaged')
    }
  })

  it('never throws, whatever the block holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(typeof dhParameterFault(pem(bytes))).toBe('string')
      }),
    )
  })
})
