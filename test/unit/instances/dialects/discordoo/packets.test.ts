import { describe, expect, it } from 'vitest'
import {
  encodeFrame,
  eventIdOf,
  idsBelow,
  readPacket,
} from '../../../../../src/instances/dialects/discordoo/packets.js'
import { limits } from '../../../../../src/limits.js'

describe('encodeFrame', () => {
  it('writes type and data as JSON with a form feed after it, and counts the bytes', () => {
    const { text, bytes } = encodeFrame({ op: 0, t: 'MESSAGE', d: { message: 'ж\f' } })
    expect(text).toBe(
      '{"type":"__DDOO__.MESSAGE","data":{"op":0,"t":"MESSAGE","d":{"message":"ж\\f"}}}\f',
    )
    expect(bytes).toBe(Buffer.byteLength(text))
  })

  it('writes BigInts as discordoo reads them, where asked to', () => {
    const packet = { op: 0, d: { deep: [{ id: 12n }] } }
    expect(encodeFrame(packet, true).text).toContain('"_________ddoo_________n12"')
    expect(() => encodeFrame(packet)).toThrow(
      expect.objectContaining({ code: 'DM_BODY_UNSUPPORTED' }),
    )
  })

  it('refuses cycles, depths that JSON cannot write, and frames beyond the limit', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    expect(() => encodeFrame({ op: 0, d: cycle })).toThrow(
      expect.objectContaining({ code: 'DM_BODY_UNSUPPORTED' }),
    )
    let deep: unknown = 1
    for (let level = 0; level < 100_000; level += 1) deep = [deep]
    const tooLarge = expect.objectContaining({ code: 'DM_BODY_TOO_LARGE' })
    expect(() => encodeFrame({ op: 0, d: { deep } })).toThrow(tooLarge)
    const text = 'x'.repeat(limits.channelFrameBytesMax)
    expect(() => encodeFrame({ op: 0, d: { text } })).toThrow(tooLarge)
  })
})

describe('readPacket', () => {
  it('takes op, t and d, and an empty d where there is none', () => {
    expect(readPacket({ op: 0, t: 'X', d: { a: 1 }, more: 2 })).toEqual({
      op: 0,
      t: 'X',
      d: { a: 1 },
    })
    for (const d of [undefined, null, [], 'd', 7]) {
      expect(readPacket({ op: 3, t: 5, d })).toEqual({ op: 3, t: undefined, d: {} })
    }
  })

  it('takes nothing without a number for op', () => {
    for (const odd of [undefined, null, 'op', 1, [], {}, { op: '0' }]) {
      expect(readPacket(odd)).toBeUndefined()
    }
  })
})

describe('eventIdOf', () => {
  it('takes texts that are not empty and not long', () => {
    expect(eventIdOf({ op: 0, d: { event_id: '17' } })).toBe('17')
    for (const event_id of [undefined, '', 17, {}, 'x'.repeat(65)]) {
      expect(eventIdOf({ op: 0, d: { event_id } })).toBeUndefined()
    }
  })
})

describe('idsBelow', () => {
  it('keeps whole numbers in range, each once, in their order', () => {
    expect(idsBelow([3, 0, 3, -1, 4, 1.5, '2', null, {}, Number.NaN, 1], 4)).toEqual([3, 0, 1])
    for (const odd of [undefined, 'all', 3, { length: 2 }]) expect(idsBelow(odd, 4)).toEqual([])
  })
})
