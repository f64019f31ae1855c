import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ChannelFrame,
  encodeFrames,
  FrameDecoder,
  frameBytes,
} from '../../../../src/instances/channel/frame-codec.js'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

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
          found.push(...decoder.push(rest.subarray(0, size)))
          rest = rest.subarray(size)
        }
        found.push(...decoder.push(rest))
        expect(found.map(plain)).toEqual(frames.map(plain))
      }),
    )
  })

  it('does not copy a payload that came in one chunk', () => {
    const bytes = hex('00000003 03 aabb')
    const [frame] = [...new FrameDecoder().push(bytes)]
    expect(frame?.payload.buffer).toBe(bytes.buffer)
  })

  it('refuses a length above the limit before its body comes', () => {
    const decoder = new FrameDecoder(10)
    expect([...decoder.push(hex('0000000a 01 000000000000000000'))]).toHaveLength(1)
    expect(() => [...decoder.push(hex('0000000b'))]).toThrow(/announces 11 bytes; 1 to 10/)
  })

  it('refuses a frame without an op', () => {
    expect(() => [...new FrameDecoder().push(hex('00000000'))]).toThrow(
      expect.objectContaining({ code: 'DM_CHANNEL_PROTOCOL' }),
    )
  })

  it('yields what came before the fault', () => {
    const frames = new FrameDecoder().push(hex('00000001 07 00000000'))
    expect(frames.next().value).toMatchObject({ op: 7 })
    expect(() => frames.next()).toThrow(/announces 0 bytes/)
  })
})
