import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  differenceOf,
  isNone,
} from '../../../../../src/modes/machines/child/assignment-difference.js'
import type { CheckedAssignment } from '../../../../../src/modes/machines/child/assignment-parser.js'

type Plans = CheckedAssignment['instances']

const base = {
  machine: 'm',
  index: 1,
  totalShards: 100,
  callTimeoutMs: 1_000,
  push: { mode: 'processes', env: { A: 'b' } },
}
const of = (instances: Plans): CheckedAssignment => ({ ...base, instances })
const three = of([
  { id: 0, shards: [0, 1] },
  { id: 1, shards: [2, 3] },
  { id: 4, shards: [8] },
])

const byId = (a: { id: number }, b: { id: number }) => a.id - b.id

function shown(from: CheckedAssignment, to: CheckedAssignment) {
  const change = differenceOf(from, to)
  if (change === undefined) return undefined
  const { kept, removed, added } = change
  return { kept: [...kept], removed, added: added.map(({ id }) => id), isNone: isNone(change) }
}

describe('the difference of two assignments', () => {
  it('is none where they say the same, in whatever order', () => {
    const again = of(three.instances.toReversed())
    expect(shown(three, structuredClone(again))).toMatchObject({ isNone: true, kept: [0, 1, 4] })
    expect(shown(of([]), of([]))).toEqual({ kept: [], removed: [], added: [], isNone: true })
  })

  it('is what one of them has alone', () => {
    const next = of([
      { id: 1, shards: [2, 3] },
      { id: 7, shards: [9] },
    ])
    const change = { kept: [1], removed: [0, 4], added: [7], isNone: false }
    expect(shown(three, next)).toEqual(change)
    expect(shown(next, three)).toEqual({ kept: [1], removed: [7], added: [0, 4], isNone: false })
    expect(shown(three, of([]))).toMatchObject({ removed: [0, 1, 4], added: [] })
    expect(shown(of([]), three)).toMatchObject({ removed: [], added: [0, 1, 4] })
  })

  it('ends and starts an instance that is to serve other shards', () => {
    const next = of([{ id: 0, shards: [0, 1, 2] }])
    expect(shown(three, next)).toMatchObject({ kept: [], removed: [0, 1, 4], added: [0] })
  })

  it.each<[string, Partial<CheckedAssignment>]>([
    ['the name', { machine: 'n' }],
    ['the place', { index: 2 }],
    ['totalShards', { totalShards: 101 }],
    ['callTimeoutMs', { callTimeoutMs: 1_001 }],
    ['what is pushed', { push: { mode: 'processes', env: { A: 'c' } } }],
  ])('is everything where they differ in %s', (_what, given) => {
    expect(differenceOf(three, { ...three, ...given })).toBeUndefined()
  })

  it('makes of what runs what is to run, and touches nothing that need not be', () => {
    const plan = fc.record({ id: fc.nat(8), shards: fc.array(fc.nat(3), { maxLength: 2 }) })
    const plans = fc.uniqueArray(plan, { selector: ({ id }) => id, maxLength: 8 })
    fc.assert(
      fc.property(plans, plans, (before, after) => {
        const change = differenceOf(of(before), of(after))
        if (change === undefined) throw new Error('they differ in instances alone')
        const { kept, removed, added } = change
        const stays = before.filter(({ id }) => !removed.includes(id))
        expect(stays.map(({ id }) => id)).toEqual([...kept])
        expect([...stays, ...added].toSorted(byId)).toEqual(after.toSorted(byId))
        for (const one of added) expect(before).not.toContainEqual(one)
      }),
    )
  })
})
