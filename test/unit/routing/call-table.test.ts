import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CallTable, type HasQuestions } from '../../../src/routing/call-table.js'
import { countOf, firstQuestions } from '../../../src/routing/questions.js'

const askers = [0, 1, 2, 3]
const requestIds = [0, 1, 2, 3, 4, 5]

interface Item extends HasQuestions {
  readonly name: number
}

/** The same, as slow and plain as can be. */
class Model {
  items: { readonly asker: number; readonly requestId: number; readonly item: Item }[] = []

  set(asker: number, requestId: number, item: Item): void {
    this.delete(asker, requestId)
    this.items.push({ asker, requestId, item })
  }

  delete(asker: number, requestId: number): void {
    this.items = this.items.filter((one) => one.asker !== asker || one.requestId !== requestId)
  }

  of(asker: number) {
    return this.items.filter((one) => one.asker === asker)
  }
}

const sorted = (items: Iterable<Item>) => [...items].toSorted((a, b) => a.name - b.name)

function questionsOf(items: readonly { readonly item: Item }[]): number {
  return items.reduce((sum, { item }) => sum + countOf(item.questions), 0)
}

const anyItem = fc.record({
  name: fc.nat(),
  questions: fc.integer({ min: 1, max: 32 }).map(firstQuestions),
})

type Step = (table: CallTable<Item>, model: Model) => void

const key = [fc.constantFrom(...askers), fc.constantFrom(...requestIds)] as const

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(...key, anyItem).map(
    ([asker, requestId, item]): Step =>
      (table, model) => {
        table.set(asker, requestId, item)
        model.set(asker, requestId, item)
      },
  ),
  fc.tuple(...key).map(
    ([asker, requestId]): Step =>
      (table, model) => {
        table.delete(asker, requestId)
        model.delete(asker, requestId)
      },
  ),
  fc.constantFrom(...askers).map(
    (asker): Step =>
      (table, model) => {
        const expected = model.of(asker).map(({ item }) => item)
        expect(sorted(table.takeAll(asker))).toEqual(sorted(expected))
        for (const { requestId } of model.of(asker)) model.delete(asker, requestId)
      },
  ),
)

function expectSame(table: CallTable<Item>, model: Model): void {
  expect(table.questions).toBe(questionsOf(model.items))
  expect(sorted(table.all())).toEqual(sorted(model.items.map(({ item }) => item)))
  for (const asker of askers) {
    expect(table.questionsOf(asker)).toBe(questionsOf(model.of(asker)))
    for (const requestId of requestIds) {
      const expected = model.of(asker).find((one) => one.requestId === requestId)
      expect(table.get(asker, requestId)).toBe(expected?.item)
    }
  }
}

describe('CallTable', () => {
  it('is a map with two keys', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const table = new CallTable<Item>()
        const model = new Model()
        for (const one of steps) {
          one(table, model)
          expectSame(table, model)
        }
      }),
    )
  })
})
