import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bytesOfAll,
  type ChannelFrame,
  encodeFrames,
  FrameDecoder,
  frameBytes,
  layFrames,
} from '../../../../src/instances/channel/frame-codec.js'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** All frames that these bytes complete. */
function pulled(decoder: FrameDecoder, bytes: Uint8Array): ChannelFrame[] {
  const found: ChannelFrame[] = []
  decoder.push(bytes)
  for (let next = decoder.next(); next !== undefined; next = decoder.next()) found.push(next)
  return found
}

const plain = ({ op, payload }: ChannelFrame) => ({ op, payload: Buffer.from(payload) })

describe('encodeFrames', () => {
  it('writes length, op and payload', () => {
    const chunks = encodeFrames([{ op: 3, payload: hex('aabb') }])
    expect(Buffer.concat(chunks)).toEqual(hex('00000003 03 aabb'))
  })

  it('joins small frames into one chunk', () => {
    const frames = Array.from({ length: 100 }, (_, op) => ({ op, payload: hex('ff') }))
    expect(encodeFrames(frames)).toHaveLength(1)
  })

  it('does not copy big payloads', () => {
    const big = Buffer.alloc(100_000)
    const small = { op: 1, payload: hex('01') }
    const chunks = encodeFrames([small, { op: 2, payload: big }, small])
    expect(chunks[1]).toBe(big)
    expect(chunks.map(({ length }) => length)).toEqual([11, 100_000, 6])
  })

  it('gives nothing for nothing', () => {
    expect(encodeFrames([])).toEqual([])
  })

  it('writes lengths of any size', () => {
    const payload = Buffer.alloc(0x01_02_03_04 - 1)
    const [prefix] = encodeFrames([{ op: 9, payload }])
    expect(prefix).toEqual(hex('01020304 09'))
  })
})

describe('layFrames', () => {
  it('writes what encodeFrames gives into memory of the right size', () => {
    const small = { op: 1, payload: hex('01') }
    const frames = [small, { op: 2, payload: Buffer.alloc(20_000, 1) }, small]
    const memory = Buffer.alloc(bytesOfAll(frames))
    expect(layFrames(frames, memory)).toBe(memory)
    expect(Buffer.compare(memory, Buffer.concat(encodeFrames(frames)))).toBe(0)
  })
})

describe('frameBytes', () => {
  it('counts what encodeFrames writes', () => {
    expect(frameBytes()).toBe(5)
    expect(frameBytes(hex('aabb'))).toBe(7)
  })
})

describe('FrameDecoder', () => {
  it('gives back any frames, however the bytes are cut', () => {
    const frame = fc.record({ op: fc.nat(255), payload: fc.uint8Array({ maxLength: 50 }) })
    const cuts = fc.array(fc.integer({ min: 1, max: 20 }))
    fc.assert(
      fc.property(fc.array(frame), cuts, (frames, sizes) => {
        let rest = Buffer.concat(encodeFrames(frames))
        const decoder = new FrameDecoder()
        const found: ChannelFrame[] = []
        for (const size of [...sizes, rest.length]) {
          found.push(...pulled(decoder, rest.subarray(0, size)))
          rest = rest.subarray(size)
        }
        found.push(...pulled(decoder, rest))
        expect(found.map(plain)).toEqual(frames.map(plain))
      }),
    )
  })

  it('does not copy a payload that came in one chunk', () => {
    const bytes = hex('00000003 03 aabb')
    const [frame] = pulled(new FrameDecoder(), bytes)
    expect(frame?.payload.buffer).toBe(bytes.buffer)
  })

  it('refuses a length above the limit before its body comes', () => {
    const decoder = new FrameDecoder(10)
    expect(pulled(decoder, hex('0000000a 01 000000000000000000'))).toHaveLength(1)
    expect(() => pulled(decoder, hex('0000000b'))).toThrow(/announces 11 bytes; 1 to 10/)
    expect(() => pulled(decoder, hex('00000001 01'))).toThrow(/announces 11 bytes; 1 to 10/)
  })

  it('refuses a frame without an op', () => {
    expect(() => pulled(new FrameDecoder(), hex('00000000'))).toThrow(
      expect.objectContaining({ code: 'DM_CHANNEL_PROTOCOL' }),
    )
  })

  it('gives out what came before the fault', () => {
    const decoder = new FrameDecoder()
    decoder.push(hex('00000001 07 00000000'))
    expect(decoder.next()).toMatchObject({ op: 7 })
    expect(() => decoder.next()).toThrow(/announces 0 bytes/)
  })

  it('keeps what was not pulled', () => {
    const decoder = new FrameDecoder()
    decoder.push(hex('00000001 07 00000001 08 000000'))
    expect(decoder.next()).toMatchObject({ op: 7 })
    expect(pulled(decoder, hex('01 09')).map(({ op }) => op)).toEqual([8, 9])
  })

  it('takes no view on a chunk that holds a part of a frame', () => {
    const decoder = new FrameDecoder()
    const chunk = hex('00000003 03 aa')
    expect(pulled(decoder, chunk)).toEqual([])
    chunk.fill(0)
    expect(pulled(decoder, hex('bb')).map(plain)).toEqual([{ op: 3, payload: hex('aabb') }])
  })
})
