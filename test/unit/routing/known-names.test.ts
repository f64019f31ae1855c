import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { encodeBody } from '../../../src/routing/body-codec.js'
import { decodeNames, KnownNames } from '../../../src/routing/known-names.js'

const bodyOf = (names: unknown) => encodeBody(names, 'names')
const name = (instance: number, shards = `${instance}`) => ({ instance, machine: 'm0', shards })

describe('names', () => {
  it('come by ascending instance, with their shards spelled out', () => {
    const names = decodeNames(bodyOf([name(7, '0-2,9'), name(3, '')]))
    expect([...names.values()]).toEqual([
      { instance: 3, machine: 'm0', shards: [] },
      { instance: 7, machine: 'm0', shards: [0, 1, 2, 9] },
    ])
  })

  it.each([
    ['no list', { 0: name(0) }],
    ['a name that is none', [null]],
    ['a name without shards', [{ instance: 1, machine: 'm0' }]],
    ['an instance that is no number', [{ ...name(1), instance: '1' }]],
    ['shards that are none', [name(1, 'all')]],
    [
      'more shards than there may be',
      [name(0, `0-${limits.shardsMax - 1}`), name(1, `0-${limits.shardsMax - 1}`)],
    ],
  ])('%s: DM_BODY_INVALID', (_, names) => {
    expect(() => decodeNames(bodyOf(names))).toThrow(
      expect.objectContaining({ code: 'DM_BODY_INVALID' }),
    )
  })

  it('are spelled out once, and shared by all outcomes, which cannot change them', () => {
    const known = new KnownNames()
    const first = known.read(bodyOf([name(1, '4-5')]))
    expect(known.read(bodyOf([name(1, '4-5')]))).toBe(first)
    expect(known.read(bodyOf([name(1, '4-6')])).get(1)?.shards).toEqual([4, 5, 6])
    expect(Object.isFrozen(first.get(1)?.shards)).toBe(true)
  })

  it('are forgotten when there are too many, and read again', () => {
    const known = new KnownNames()
    const first = known.read(bodyOf([name(0)]))
    for (let id = 1; id < 2_000; id += 1) {
      expect(known.read(bodyOf([name(id)])).get(id)?.instance).toBe(id)
    }
    const again = known.read(bodyOf([name(0)]))
    expect(again).toEqual(first)
    expect(again).not.toBe(first)
  })

  it('of very many instances are read each time', () => {
    const known = new KnownNames()
    const many = bodyOf(Array.from({ length: 10_000 }, (_, id) => name(id)))
    const first = known.read(many)
    expect(first.size).toBe(10_000)
    expect(known.read(many)).not.toBe(first)
  })
})
