import { describe, expect, it } from 'vitest'
import { Shelf } from '../../../src/link/shelf.js'

/** A view on a large buffer whose bytes are all this number. */
function view(fill: number, length: number): Uint8Array {
  return new Uint8Array(100_000).fill(fill).subarray(7, 7 + length)
}

describe('a shelf of messages', () => {
  it('keeps small views side by side, each as it was and counted as its bytes', () => {
    const shelf = new Shelf()
    const kept = [1, 2, 3].map((fill) => shelf.keep(view(fill, 10)))
    expect(kept.map(({ bytes }) => [...new Set(bytes)])).toEqual([[1], [2], [3]])
    expect(kept.map(({ pinnedBytes }) => pinnedBytes)).toEqual([10, 10, 10])
    expect(new Set(kept.map(({ bytes }) => bytes.buffer)).size).toBe(1)
  })

  it('begins a new board when the present one is full', () => {
    const shelf = new Shelf()
    const kept = Array.from({ length: 20 }, (_, index) => shelf.keep(view(index, 1_500)))
    expect(kept.every(({ bytes }, index) => bytes.every((byte) => byte === index))).toBe(true)
    expect(new Set(kept.map(({ bytes }) => bytes.buffer)).size).toBe(2)
  })

  it('begins a new board when it was cleared', () => {
    const shelf = new Shelf()
    const before = shelf.keep(view(1, 10))
    shelf.clear()
    expect(shelf.keep(view(2, 10)).bytes.buffer).not.toBe(before.bytes.buffer)
    expect(before.bytes).toEqual(new Uint8Array(10).fill(1))
  })

  it('copies a larger view into a buffer of its own', () => {
    const { bytes, pinnedBytes } = new Shelf().keep(view(1, 40_000))
    expect([bytes.buffer.byteLength, pinnedBytes]).toEqual([40_000, 40_000])
  })

  it('keeps what is most of its buffer where it is, and counts the buffer', () => {
    const most = new Uint8Array(100).subarray(0, 60)
    expect(new Shelf().keep(most)).toEqual({ bytes: most, pinnedBytes: 100 })
  })
})
