import { describe, expect, it } from 'vitest'
import { decodeMemory, encodeMemory } from '../../../../src/instances/channel/memory-report.js'

describe('a report of memory', () => {
  it.each([0, 1, 2 ** 33, Number.MAX_SAFE_INTEGER])('comes out as it went in: %d', (bytes) => {
    const payload = encodeMemory(bytes)
    expect(payload).toHaveLength(8)
    expect(decodeMemory(payload)).toBe(bytes)
    // What arrives is a view on a larger buffer.
    expect(decodeMemory(Buffer.concat([Buffer.of(1, 2, 3), payload]).subarray(3))).toBe(bytes)
  })

  it.each([
    new Uint8Array(0),
    new Uint8Array(7),
    new Uint8Array(9),
    encodeMemory(-1),
    encodeMemory(1.5),
    encodeMemory(Number.NaN),
    encodeMemory(Number.POSITIVE_INFINITY),
    encodeMemory(2 ** 60),
  ])('gives nothing where it makes no sense', (payload) => {
    expect(decodeMemory(payload)).toBeUndefined()
  })
})
