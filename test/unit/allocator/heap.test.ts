import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Heap } from '../../../src/allocator/heap.js'

describe('a heap', () => {
  it('gives back what it was given, in order', () => {
    const numbers = fc.array(fc.integer())
    fc.assert(
      fc.property(numbers, numbers, (first, second) => {
        const heap = new Heap((a: number, b) => a < b, first)
        const taken = first.length > 0 ? [heap.pop()] : []
        for (const one of second) heap.push(one)
        const rest = Array.from({ length: first.length + second.length - taken.length }, () => {
          const seen = heap.first()
          expect(heap.pop()).toBe(seen)
          return seen
        })
        const least = Math.min(...first)
        const others = first.toSpliced(first.indexOf(least), first.length > 0 ? 1 : 0)
        expect(taken).toEqual(first.length > 0 ? [least] : [])
        expect(rest).toEqual([...others, ...second].toSorted((a, b) => a - b))
        expect(heap.pop()).toBeUndefined()
        expect(heap.first()).toBeUndefined()
      }),
    )
  })
})
