import { describe, expect, it } from 'vitest'
import { decodeLease, encodeLease } from '../../../../src/instances/channel/lease-notice.js'

describe('the notice of a lease', () => {
  it.each([
    { until: 0, goodbyeMs: 0 },
    { until: 123_456.78, goodbyeMs: 5_000 },
    { until: 2 ** 45 + 0.25, goodbyeMs: 2 ** 31 - 1 },
  ])('comes out as it went in: %j', (notice) => {
    const payload = encodeLease(notice)
    expect(decodeLease(payload)).toEqual(notice)
    // What arrives is a view on a larger buffer.
    expect(decodeLease(Buffer.concat([Buffer.of(1, 2, 3), payload]).subarray(3))).toEqual(notice)
  })

  it('may say that there is none any more', () => {
    expect(decodeLease(encodeLease(null))).toBeNull()
  })

  it.each([
    new Uint8Array(1),
    new Uint8Array(15),
    new Uint8Array(17),
    encodeLease({ until: Number.NaN, goodbyeMs: 1 }),
    encodeLease({ until: Number.POSITIVE_INFINITY, goodbyeMs: 1 }),
    encodeLease({ until: 1, goodbyeMs: Number.NaN }),
    encodeLease({ until: 1, goodbyeMs: -1 }),
  ])('gives nothing where it makes no sense', (payload) => {
    expect(decodeLease(payload)).toBeUndefined()
  })
})
