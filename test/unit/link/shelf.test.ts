import { describe, expect, it } from 'vitest'
import { Shelf } from '../../../src/link/shelf.js'

/** Memory of a shelf as a view. */
function taken(shelf: Shelf, length: number): Uint8Array {
  const from = shelf.take(length)
  return shelf.board.subarray(from, from + length)
}

describe('a shelf of messages', () => {
  it('gives memory side by side', () => {
    const shelf = new Shelf()
    const [first, second, third] = [10, 20, 30].map((length) => taken(shelf, length))
    expect([first, second, third].map((bytes) => bytes?.length)).toEqual([10, 20, 30])
    expect(new Set([first, second, third].map((bytes) => bytes?.buffer)).size).toBe(1)
    expect([second?.byteOffset, third?.byteOffset]).toEqual([10, 30])
  })

  it('begins a new board when the present one has no room', () => {
    const shelf = new Shelf()
    const all = Array.from({ length: 20 }, (_, index) => taken(shelf, 1_500).fill(index))
    expect(all.every((bytes, index) => bytes.every((byte) => byte === index))).toBe(true)
    expect(new Set(all.map(({ buffer }) => buffer)).size).toBe(2)
  })

  it('begins a new board when it was cleared, and leaves the former one alone', () => {
    const shelf = new Shelf()
    const before = taken(shelf, 10).fill(1)
    shelf.clear()
    expect(taken(shelf, 10).fill(2).buffer).not.toBe(before.buffer)
    expect(before).toEqual(new Uint8Array(10).fill(1))
  })
})
