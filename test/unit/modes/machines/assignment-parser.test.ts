import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import { parseAssignment } from '../../../../src/modes/machines/child/assignment-parser.js'

const good = {
  machine: '10.0.18.1:8379',
  index: 1,
  totalShards: 8,
  callTimeoutMs: 30_000,
  push: { mode: 'processes' },
  instances: [
    { id: 2, shards: '4-5' },
    { id: 3, shards: '6,7'.replace(',', '-') },
  ],
}

function refusal(value: unknown): { code: string; path: string | undefined } {
  try {
    parseAssignment(value)
  } catch (error) {
    if (error instanceof MachinesError) return { code: error.code, path: error.path }
    throw error
  }
  throw new Error('it was taken')
}

const shards = (text: unknown) => ({ instances: [{ id: 0, shards: text }] })

describe('parseAssignment', () => {
  it('spells shards out, and leaves the pushed options to those who know them', () => {
    expect(parseAssignment(good)).toEqual({
      ...good,
      instances: [
        { id: 2, shards: [4, 5] },
        { id: 3, shards: [6, 7] },
      ],
    })
  })

  it('takes a machine that has nothing to run', () => {
    expect(parseAssignment({ ...good, instances: [] }).instances).toEqual([])
  })

  it.each<[string, object, string]>([
    ['instances that are missing', { instances: undefined }, 'instances'],
    ['no machine', { machine: undefined }, 'machine'],
    ['an empty machine name', { machine: '' }, 'machine'],
    ['a machine name that clears the terminal', { machine: 'a\u001b[2J' }, 'machine'],
    ['a machine name of two lines', { machine: 'a\u2028b' }, 'machine'],
    ['a long machine name', { machine: 'ä'.repeat(257) }, 'machine'],
    ['an index that is none', { index: -1 }, 'index'],
    ['an index that no endpoint can name', { index: 2 ** 31 - 1 }, 'index'],
    ['half a shard', { totalShards: 7.5 }, 'totalShards'],
    ['no shards at all', { totalShards: 0 }, 'totalShards'],
    ['more shards than memory is taken for', { totalShards: 1e12 }, 'totalShards'],
    ['shards as a text', { totalShards: '8' }, 'totalShards'],
    ['a deadline beyond what timers take', { callTimeoutMs: 2 ** 31 }, 'callTimeoutMs'],
    ['an endless deadline', { callTimeoutMs: Number.POSITIVE_INFINITY }, 'callTimeoutMs'],
    ['instances that are no list', { instances: { length: 1 } }, 'instances'],
    ['more instances than shards', { instances: Array(9).fill(good.instances[0]) }, 'instances'],
    ['an instance that is none', { instances: [null] }, 'instances[0]'],
    ['an id beyond the total', { instances: [{ id: 8, shards: '0' }] }, 'instances[0].id'],
    ['an id twice', { instances: [good.instances[0], good.instances[0]] }, 'instances[1]'],
    ['a shard twice', { instances: [good.instances[0], { id: 3, shards: '5' }] }, 'instances[1]'],
    ['an instance without shards', shards(''), 'instances[0]'],
    ['shards that are no text', shards([1]), 'instances[0].shards'],
    ['shards that descend', shards('5-4'), 'instances[0].shards'],
    ['shards that overlap', shards('0-999999,0-999999'), 'instances[0].shards'],
    ['a shard beyond the total', shards('7-8'), 'instances[0]'],
    ['a range that would fill the memory', shards('0-999999'), 'instances[0]'],
  ])('refuses %s', (_what, change, path) => {
    expect(refusal({ ...good, ...change })).toEqual({ code: 'DM_ASSIGNMENT_REFUSED', path })
  })

  it('refuses whatever else there is with its own error, and never throws another one', () => {
    const instance = fc.record({ id: fc.anything(), shards: fc.oneof(fc.string(), fc.anything()) })
    const field = (name: keyof typeof good) => fc.oneof(fc.constant(good[name]), fc.anything())
    const almost = fc.record({
      machine: field('machine'),
      index: field('index'),
      totalShards: field('totalShards'),
      callTimeoutMs: field('callTimeoutMs'),
      push: fc.anything(),
      instances: fc.oneof(fc.constant(good.instances), fc.array(instance), fc.anything()),
    })
    fc.assert(
      fc.property(fc.oneof(fc.anything(), almost), (value) => {
        try {
          const { instances, totalShards } = parseAssignment(value)
          const all = instances.flatMap(({ shards: own }) => own)
          expect(new Set(all).size).toBe(all.length)
          expect(all.every((shard) => shard < totalShards)).toBe(true)
        } catch (error) {
          expect(error).toMatchObject({ code: 'DM_ASSIGNMENT_REFUSED' })
        }
      }),
    )
  })
})
