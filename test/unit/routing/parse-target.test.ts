import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { parseTarget } from '../../../src/routing/parse-target.js'

describe('parseTarget', () => {
  it.each<[unknown, unknown]>([
    ['all', { kind: 'all' }],
    [3, { kind: 'instances', ranges: [{ from: 3, to: 3 }] }],
    [
      [4, 2, 3, 9],
      {
        kind: 'instances',
        ranges: [
          { from: 2, to: 4 },
          { from: 9, to: 9 },
        ],
      },
    ],
    [{ instance: { from: 1, to: 2 } }, { kind: 'instances', ranges: [{ from: 1, to: 2 }] }],
    [{ shard: [1] }, { kind: 'shards', ranges: [{ from: 1, to: 1 }] }],
    [{ machine: 'eu' }, { kind: 'machines', names: ['eu'] }],
    [{ machine: ['eu', 'us'] }, { kind: 'machines', names: ['eu', 'us'] }],
    [{ guild: '00081384788765712384' }, { kind: 'guild', id: '81384788765712384' }],
  ])('%j', (given, expected) => {
    expect(parseTarget(given)).toEqual(expected)
  })

  it('takes guild ids as bigint', () => {
    expect(parseTarget({ guild: 5n })).toEqual({ kind: 'guild', id: '5' })
  })

  const scattered = Array.from({ length: limits.envelopeTargetsMax + 1 }, (_, i) => 2 * i)
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'to'],
    ['null', null, 'to'],
    ['another word', 'everyone', 'to'],
    ['a function', () => 1, 'to'],
    ['a negative id', -1, 'to'],
    ['half an id', 1.5, 'to'],
    ['an id beyond the limit', limits.shardsMax, 'to'],
    ['an empty list', [], 'to'],
    ['a list of text', ['1'], 'to[0]'],
    ['a list with a hole', [1, undefined, 2], 'to[1]'],
    ['an empty object', {}, 'to'],
    ['two members', { shard: 1, instance: 1 }, 'to'],
    ['an unknown member', { cluster: 1 }, 'to'],
    ['a range that descends', { shard: { from: 2, to: 1 } }, 'to.shard'],
    ['half a range', { shard: { from: 2 } }, 'to.shard'],
    ['a range of text', { instance: { from: '1', to: 2 } }, 'to.instance.from'],
    ['no machine', { machine: [] }, 'to.machine'],
    ['an empty name', { machine: '' }, 'to.machine'],
    ['a long name', { machine: 'x'.repeat(1_000) }, 'to.machine'],
    ['a guild as a number', { guild: 5 }, 'to.guild'],
    ['a guild of letters', { guild: 'abc' }, 'to.guild'],
    ['a guild of 65 bits', { guild: 2n ** 64n }, 'to.guild'],
    ['more ranges than fit', scattered, 'to'],
  ])('refuses %s', (_, given, path) => {
    expect(() => parseTarget(given)).toThrow(
      expect.objectContaining({
        code: 'DM_TARGET_INVALID',
        path,
        message: expect.stringContaining('allowed'),
      }),
    )
  })
})
