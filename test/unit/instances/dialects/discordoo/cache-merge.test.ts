import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  mergeCache,
  readCacheAnswer,
} from '../../../../../src/instances/dialects/discordoo/cache-merge.js'

const modes = { Boolean: 0, Array: 1, Number: 2, Any: 3, NumbersArray: 4, plain: undefined }

function isFinal(mode: number | undefined, result: unknown): boolean {
  return mergeCache(mode, [{ success: true, result }]).isFinal
}

describe('mergeCache', () => {
  it.each([
    ['Boolean', [false, true], true],
    ['Boolean', [1, 'true', {}], false],
    ['Boolean', [], false],
    ['Array', [[1, 2], [], [3]], [1, 2, 3]],
    [
      'Array',
      [[['k', 'v']], [['l', 'w']]],
      [
        ['k', 'v'],
        ['l', 'w'],
      ],
    ],
    ['Array', [null, [0]], [0]],
    ['Array', [], []],
    ['Number', [4, 0, 5], 9],
    ['Number', [4, '5', null], 4],
    ['Number', [], 0],
    ['Any', [null, undefined, { id: 1 }, { id: 2 }], { id: 1 }],
    ['Any', [0, false], undefined],
    ['Any', [], undefined],
    [
      'NumbersArray',
      [
        [1, 2],
        [10, 20],
      ],
      [11, 22],
    ],
    ['NumbersArray', [[1], [10, 20], 'x', [1, null]], [12, 20]],
    ['NumbersArray', [], []],
    ['plain', [1, null, 'a'], [1, 'a']],
  ] as const)('%s of %j is %j', (mode, results, expected) => {
    const answers = results.map((result) => ({ success: true, result }))
    const merged = mergeCache(modes[mode], answers)
    expect(merged.result).toEqual(expected)
    expect(merged.success).toBe(results.length > 0)
  })

  it('is a success when any is, and takes nothing from those that failed', () => {
    const failed = { success: false, result: 100 }
    expect(mergeCache(modes.Number, [failed, failed])).toMatchObject({ success: false, result: 0 })
    const answers = [failed, { success: true, result: 1 }]
    expect(mergeCache(modes.Number, answers)).toMatchObject({ success: true, result: 1 })
  })

  it('is final where something was found, and only there', () => {
    expect(isFinal(modes.Any, { id: 1 })).toBe(true)
    expect(isFinal(modes.Boolean, true)).toBe(true)
    expect(isFinal(modes.Any, null)).toBe(false)
    expect(isFinal(modes.Boolean, false)).toBe(false)
    expect(isFinal(modes.Number, 5)).toBe(false)
    expect(isFinal(modes.Array, [1])).toBe(false)
    expect(isFinal(undefined, true)).toBe(false)
  })

  it('takes whatever instances answer', () => {
    fc.assert(
      fc.property(
        fc.option(fc.integer({ min: -1, max: 6 })),
        fc.array(fc.jsonValue()),
        (mode, values) => {
          const answers = values.map((result) => ({ success: true, result }))
          expect(() => mergeCache(mode ?? undefined, answers)).not.toThrow()
        },
      ),
    )
  })
})

describe('readCacheAnswer', () => {
  it('takes nothing but true for a success', () => {
    expect(readCacheAnswer({ success: true, result: 1 })).toEqual({ success: true, result: 1 })
    for (const odd of [
      undefined,
      null,
      [],
      'x',
      {},
      { success: 1 },
      { success: false, result: 2 },
    ]) {
      expect(readCacheAnswer(odd)).toEqual({ success: false, result: undefined })
    }
  })
})
