import { describe, expect, it } from 'vitest'
import { Decoder } from '../../../src/link/codec/decoder.js'
import { decodeData } from '../../../src/link/codec/payloads.js'
import { encodePreface } from '../../../src/link/codec/preface.js'
import { keepMessage, messageOverheadBytes, partBytesMax } from '../../../src/link/kept-message.js'
import { Shelf } from '../../../src/link/shelf.js'

const head = Uint8Array.of(1, 2)

/** Bytes that are recognised by their place, in the middle of a much larger buffer. */
function view(length: number): Uint8Array {
  return new Uint8Array(length * 4).subarray(length, length * 2).map((_, at) => at % 251)
}

/** What the other side reads of a frame. */
function decoded(frame: Uint8Array) {
  const decoder = new Decoder()
  decoder.push(encodePreface({ min: 1, max: 1 }).bytes)
  decoder.next()
  decoder.next()
  decoder.open()
  decoder.push(frame)
  const item = decoder.next()
  if (item?.kind !== 'frame') throw new Error('no frame came')
  return decodeData(item.payload)
}

describe('a small message', () => {
  it.each([0, 1, 200, 2_046])('of %i bytes lies ready as its frame', (length) => {
    const bytes = view(length)
    const kept = keepMessage(new Shelf(), 2 ** 33 + 5, head, bytes)
    const part = kept.part(2 ** 33 + 5)
    const whole = Buffer.concat([head, bytes])
    const { frame } = part
    const received = decoded(frame?.board.subarray(frame.from, frame.until) ?? bytes)
    expect([received.number, received.rest]).toEqual([2 ** 33 + 5, 0])
    expect(Buffer.from(received.bytes)).toEqual(whole)
    expect(Buffer.from(kept.bytes)).toEqual(whole)
    expect([kept.last, kept.cost]).toEqual([2 ** 33 + 5, length + 2 + messageOverheadBytes])
  })

  it('does not change when the bytes that were given do', () => {
    const bytes = view(100)
    const before = Buffer.from(bytes)
    const kept = keepMessage(new Shelf(), 1, new Uint8Array(0), bytes)
    bytes.fill(0)
    expect(Buffer.from(kept.bytes)).toEqual(before)
  })
})

describe('a large message', () => {
  it('with a head is put together, and cut where parts end', () => {
    const bytes = view(partBytesMax + 10)
    const kept = keepMessage(new Shelf(), 7, head, bytes)
    const parts = [7, 8].map((number) => kept.part(number))
    expect(parts.map(({ number, rest, frame }) => [number, rest, frame])).toEqual([
      [7, 12, undefined],
      [8, 0, undefined],
    ])
    const whole = Buffer.concat([head, bytes])
    expect(Buffer.concat(parts.map((part) => part.bytes))).toEqual(whole)
    expect([kept.last, kept.cost]).toEqual([8, whole.length + messageOverheadBytes])
  })

  it('is not copied where it is most of its buffer, and counts all of that', () => {
    const bytes = new Uint8Array(10_000).subarray(0, 6_000)
    const kept = keepMessage(new Shelf(), 1, new Uint8Array(0), bytes)
    expect(kept.bytes).toBe(bytes)
    expect(kept.cost).toBe(10_000 + messageOverheadBytes)
  })

  it('is copied where it would keep much more than itself', () => {
    const kept = keepMessage(new Shelf(), 1, new Uint8Array(0), view(5_000))
    expect(kept.bytes.buffer.byteLength).toBe(5_000)
  })
})
