import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Encoder, type ReadyFrame } from '../../../../src/link/codec/encoder.js'

/** Bytes that are recognised by their place. */
const board = Uint8Array.from({ length: 200_000 }, (_, index) => index % 251)

/** Frames that lie on one board, with gaps of so many bytes between them. */
function frames(sizes: readonly (readonly [gap: number, length: number])[]): ReadyFrame[] {
  let end = 0
  return sizes.map(([gap, length]) => {
    const from = end + gap
    end = from + length
    return { board, from, until: end }
  })
}

describe('what is taken out of an encoder', () => {
  it('has every byte once and in order, however frames lie in memory', () => {
    const sizes = fc.array(fc.tuple(fc.nat(2), fc.nat(9_000)), { maxLength: 20 })
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(30)), (lengths, acksAfter) => {
        const encoder = new Encoder()
        const expected: Uint8Array[] = []
        frames(lengths).forEach((frame, index) => {
          encoder.ready(frame)
          expected.push(board.subarray(frame.from, frame.until))
          if (!acksAfter.includes(index)) return
          const payload = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, index)
          encoder.frame('ACK', payload)
          expected.push(Uint8Array.of(0, 0, 0, 8, 17, ...payload))
        })
        const bytes = Buffer.concat(expected)
        expect(encoder.bytes).toBe(bytes.length)
        expect(Buffer.concat(encoder.take())).toEqual(bytes)
        expect([encoder.bytes, encoder.take()]).toEqual([0, []])
      }),
    )
  })

  it('is one chunk, and no copy, where frames lie side by side', () => {
    const encoder = new Encoder()
    for (const frame of frames([
      [0, 3_000],
      [0, 10],
      [0, 5_000],
    ]))
      encoder.ready(frame)
    const [chunk, ...others] = encoder.take()
    expect([chunk?.length, others]).toEqual([8_010, []])
    expect(chunk?.buffer).toBe(board.buffer)
  })

  it('keeps frames apart that only look like neighbours, as they lie on two boards', () => {
    const encoder = new Encoder()
    const other = new Uint8Array(200).fill(255)
    encoder.ready({ board, from: 0, until: 100 })
    encoder.ready({ board: other, from: 100, until: 200 })
    const expected = [board.subarray(0, 100), other.subarray(100)]
    expect(Buffer.concat(encoder.take())).toEqual(Buffer.concat(expected))
  })

  it('is few chunks: small pieces are joined, large ones passed on as they are', () => {
    const encoder = new Encoder()
    const large = new Uint8Array(100_000)
    for (let count = 0; count < 50; count += 1) encoder.frame('ACK', new Uint8Array(8))
    encoder.frame('DATA', new Uint8Array(12), large)
    const chunks = encoder.take()
    expect(chunks).toHaveLength(2)
    expect(chunks[1]).toBe(large)
  })
})
