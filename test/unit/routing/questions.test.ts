import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../src/errors.js'
import {
  areFromFirst,
  countOf,
  firstQuestions,
  indexesOf,
  isWithin,
  joinBodies,
  joined,
  noQuestions,
  question,
  questionsMax,
  splitBodies,
  without,
} from '../../../src/routing/questions.js'

const index = fc.nat(questionsMax - 1)
const someIndexes = fc.uniqueArray(index, { maxLength: questionsMax })

function setOf(indexes: Iterable<number>): number {
  return [...indexes].reduce((all, one) => joined(all, question(one)), noQuestions)
}

describe('sets of questions', () => {
  it('are sets', () => {
    fc.assert(
      fc.property(someIndexes, someIndexes, (some, others) => {
        const [a, b] = [setOf(some), setOf(others)]
        expect(indexesOf(a)).toEqual(some.toSorted((one, other) => one - other))
        expect(countOf(a)).toBe(some.length)
        expect(joined(a, b)).toBe(setOf(new Set([...some, ...others])))
        expect(without(a, b)).toBe(setOf(some.filter((one) => !others.includes(one))))
        expect(isWithin(a, b)).toBe(some.every((one) => others.includes(one)))
      }),
    )
  })

  it.each([1, 2, 24, 31, 32])('the first %i are those, and no others', (count) => {
    const first = firstQuestions(count)
    expect(indexesOf(first)).toEqual(Array.from({ length: count }, (_, n) => n))
    expect(areFromFirst(first)).toBe(true)
    expect(areFromFirst(without(first, question(count - 1)))).toBe(count > 1)
    if (count > 1) expect(areFromFirst(without(first, question(0)))).toBe(false)
  })

  it('none are not the first ones', () => {
    expect(areFromFirst(noQuestions)).toBe(false)
  })
})

describe('bodies of several questions', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), {
    minLength: 1,
    maxLength: questionsMax,
  })

  it('come apart as they were joined', () => {
    fc.assert(
      fc.property(bodies, (given) => {
        const apart = splitBodies(joinBodies(given), given.length)
        expect(apart.map((body) => [...body])).toEqual(given.map((body) => [...body]))
      }),
    )
  })

  it('one body stands alone, without a copy', () => {
    const body = Uint8Array.of(1, 2, 3)
    expect(joinBodies([body])).toBe(body)
    expect(splitBodies(body, 1)).toEqual([body])
  })

  it.each([
    ['no lengths', '', 2],
    ['a length cut short', '000000', 2],
    ['a body cut short', '00000001 aa 00000002 bb', 2],
    ['one body too few', '00000001 aa', 2],
    ['bytes after the last', '00000001 aa 00000001 bb cc', 2],
    ['a length beyond all memory', 'ffffffff aa', 2],
  ])('%s: DM_BODY_INVALID', (_, hex, count) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    expect(() => splitBodies(bytes, count)).toThrow(
      expect.objectContaining({ code: 'DM_BODY_INVALID' }),
    )
  })

  it('any noise comes apart or gives DM_BODY_INVALID', () => {
    const count = fc.integer({ min: 1, max: questionsMax })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), count, (noise, some) => {
        try {
          expect(splitBodies(noise, some)).toHaveLength(some)
        } catch (error) {
          expect(error).toBeInstanceOf(MachinesError)
          expect(error).toMatchObject({ code: 'DM_BODY_INVALID' })
        }
      }),
    )
  })
})
