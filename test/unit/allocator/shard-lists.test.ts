import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatRanges,
  listToRanges,
  parseRanges,
  rangesToList,
  resolveShardList,
} from '../../../src/allocator/shard-lists.js'
import { limits } from '../../../src/limits.js'

const ids = fc.uniqueArray(fc.nat({ max: 300 }), { maxLength: 80 })

function sorted(list: readonly number[]): number[] {
  return list.toSorted((a, b) => a - b)
}

describe('ranges', () => {
  it('hold the same ids as the list they were made of', () => {
    fc.assert(
      fc.property(ids, (list) => {
        expect(rangesToList(listToRanges(list))).toEqual(sorted(list))
      }),
    )
  })

  it('neither overlap nor touch', () => {
    fc.assert(
      fc.property(ids, (list) => {
        const ranges = listToRanges([...list, ...list])
        for (const [index, { from, to }] of ranges.entries()) {
          expect(from).toBeLessThanOrEqual(to)
          expect(from).toBeGreaterThan((ranges[index - 1]?.to ?? -2) + 1)
        }
      }),
    )
  })

  it('survive as text', () => {
    fc.assert(
      fc.property(ids, (list) => {
        const ranges = listToRanges(list)
        expect(parseRanges(formatRanges(ranges))).toEqual(ranges)
      }),
    )
  })

  it('read as people write them', () => {
    expect(formatRanges(listToRanges([40, ...Array(32).keys()]))).toBe('0-31,40')
    expect(parseRanges('0-31,40')).toEqual([
      { from: 0, to: 31 },
      { from: 40, to: 40 },
    ])
  })

  it.each([
    ' 1',
    '1,',
    '-1',
    '01',
    '1-1',
    '2-1',
    '1,1',
    '3,1',
    '0-3,2',
    '0-3,4',
    '1e3',
    '0x1',
    '1-2-3',
    '١',
    String(limits.shardsMax),
    '0-99999999999999999999',
  ])('are refused as the text %j', (text) => {
    expect(() => parseRanges(text, 'plan')).toThrow(
      expect.objectContaining({ code: 'DM_SHARDS_INVALID', path: 'plan' }),
    )
  })

  it('are measured before they are read', () => {
    const text = '1,'.repeat(limits.shardsMax * 4)
    expect(() => parseRanges(text)).toThrow('too long')
  })

  it('are spelled out only up to the limit', () => {
    const all = { from: 0, to: limits.shardsMax - 1 }
    expect(rangesToList([all])).toHaveLength(limits.shardsMax)
    expect(() => rangesToList([all, { from: 0, to: 0 }])).toThrow('too many shards')
    expect(() => rangesToList([{ from: 0, to: 2 ** 40 }])).toThrow('a range must ascend')
    expect(() => rangesToList([{ from: 2, to: 1 }])).toThrow('a range must ascend')
    expect(() => rangesToList([{ from: 0.5, to: 1.5 }])).toThrow('a range must ascend')
  })
})

describe('resolveShardList', () => {
  it.each<[unknown, number[]]>([
    [1, [0]],
    [3, [0, 1, 2]],
    ['3', [0, 1, 2]],
    [
      [5, 3],
      [5, 3],
    ],
    [{ from: 7, to: 7 }, [7]],
    [{ from: 1, to: 3 }, [1, 2, 3]],
    [Object.assign(Object.create(null), { from: 0, to: 1 }), [0, 1]],
  ])('reads %j', (input, list) => {
    expect(resolveShardList(input, 'shards')).toEqual(list)
  })

  it.each<[unknown, string]>([
    [undefined, 'shards'],
    [null, 'shards'],
    [true, 'shards'],
    [0, 'shards'],
    [-1, 'shards'],
    [1.5, 'shards'],
    [Number.NaN, 'shards'],
    [limits.shardsMax + 1, 'shards'],
    ['', 'shards'],
    ['all', 'shards'],
    ['1e9', 'shards'],
    ['9'.repeat(400), 'shards'],
    [[], 'shards'],
    [[0, '1'], 'shards[1]'],
    [[0, Number.NaN], 'shards[1]'],
    [[0, limits.shardsMax], 'shards[1]'],
    [[1, 2, 1], 'shards[2]'],
    [Array(3), 'shards[0]'],
    [{}, 'shards.from'],
    [{ from: 0 }, 'shards.to'],
    [{ from: 0, to: 2 ** 40 }, 'shards.to'],
    [{ from: 3, to: 2 }, 'shards'],
    [{ from: 0, to: 2, step: 2 }, 'shards'],
    [Object.create({ from: 0, to: 2 }), 'shards.from'],
  ])('refuses %j', (input, path) => {
    expect(() => resolveShardList(input, 'shards')).toThrow(
      expect.objectContaining({ code: 'DM_SHARDS_INVALID', path }),
    )
  })

  it('does not keep the array of the caller', () => {
    const given = [0, 1]
    const list = resolveShardList(given, 'shards')
    given.push(2)
    expect(list).toEqual([0, 1])
  })
})
