import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { decodeBody, encodeJsonBody } from '../../../src/routing/body-codec.js'

function journey(value: unknown): unknown {
  return decodeBody(encodeJsonBody(value, 'result'))
}

function refusal(value: unknown): unknown {
  try {
    encodeJsonBody(value, 'result')
  } catch (error) {
    return error
  }
  return 'not refused'
}

function nested(depth: number): unknown {
  let value: unknown[] = []
  for (let level = 1; level < depth; level += 1) value = [value]
  return value
}

describe('a body as JSON', () => {
  it.each<[unknown]>([
    [{ at: new Date(0), seen: new Map([[1, 2]]), call: () => 1, list: [undefined, () => 1] }],
    [{ toJSON: () => ({ own: 1 }) }],
    [{ $dm: ['bigint', '1'] }],
    [[Number.NaN, -0, null, true, 'x\ud800y']],
    [Buffer.from('ab')],
    ['a text with "quotes"'],
    ['half a pair \ud800'],
    [null],
    [7],
  ])('carries what JSON carries', (value) => {
    expect(journey(value)).toEqual(JSON.parse(JSON.stringify(value)))
  })

  it('knows undefined, and what JSON makes undefined', () => {
    expect(journey(() => 1)).toBeUndefined()
    expect(journey(Symbol('x'))).toBeUndefined()
    expect(journey(undefined)).toBeUndefined()
    expect(journey({ toJSON() {} })).toBeUndefined()
  })

  it('takes 50 MB of text, and brackets in it count for nothing', () => {
    const large = '['.repeat(50_000_000)
    expect(journey(large) === large).toBe(true)
    expect(journey({ text: '[{"'.repeat(1_000) })).toEqual({ text: '[{"'.repeat(1_000) })
  })

  it('is no deeper than other bodies', () => {
    expect(journey(nested(limits.bodyDepthMax))).toEqual(nested(limits.bodyDepthMax))
    for (const depth of [limits.bodyDepthMax + 1, 100_000]) {
      expect(refusal(nested(depth))).toMatchObject({ code: 'DM_BODY_UNSUPPORTED' })
    }
  })

  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  it.each<[string, unknown, RegExp]>([
    ['a cycle', cycle, /circular/],
    ['a BigInt', { big: 1n }, /BigInt/],
    [
      'a getter that throws what it likes',
      {
        get bad() {
          throw Object.create(null)
        },
      },
      /throws when it is read/,
    ],
  ])('refuses %s', (_what, value, message) => {
    expect(refusal(value)).toMatchObject({
      code: 'DM_BODY_UNSUPPORTED',
      path: 'result',
      message: expect.stringMatching(message),
    })
  })

  it.each<[string, () => unknown]>([
    ['one text', () => 'x'.repeat(limits.bodyBytesMax + 1)],
    ['many', () => Array.from({ length: 70 }, () => 'x'.repeat(1024 ** 2))],
  ])('refuses more than the limit in %s', (_what, make) => {
    expect(refusal(make())).toMatchObject({ code: 'DM_BODY_TOO_LARGE' })
  })
})
