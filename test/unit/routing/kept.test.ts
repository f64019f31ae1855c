import { describe, expect, it } from 'vitest'
import { Kept } from '../../../src/routing/kept.js'

describe('Kept', () => {
  it('gives back what was kept, and forgets the oldest beyond its bound', () => {
    const kept = new Kept<number>(2)
    kept.set('a', 1)
    kept.set('b', 2)
    kept.set('c', 3)
    expect([kept.get('a'), kept.get('b'), kept.get('c')]).toEqual([undefined, 2, 3])
  })
})
