import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader } from '../../../../../src/instances/dialects/discordoo/frame-reader.js'

function frameOf(data: unknown): string {
  return `${JSON.stringify({ type: '__DDOO__.MESSAGE', data })}\f`
}

describe('FrameReader', () => {
  it('gives the same packets however the text is cut', () => {
    const cuts = fc.array(fc.nat(30), { minLength: 1 })
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), cuts, (packets, lengths) => {
        const text = packets.map(frameOf).join('')
        const reader = new FrameReader()
        const events = []
        for (let at = 0, turn = 0; at < text.length; turn += 1) {
          const length = 1 + (lengths[turn % lengths.length] ?? 0)
          events.push(...reader.read(text.slice(at, at + length)))
          at += length
        }
        const expected = packets.map((packet) => ({ type: 'packet', packet }))
        expect(events).toEqual(JSON.parse(JSON.stringify(expected)))
      }),
    )
  })

  it('reports what is no frame of discordoo and goes on', () => {
    const reader = new FrameReader()
    expect(reader.read(`\f{\f{"type":"x"}\f"text"\f${frameOf(1)}`)).toEqual([
      ...Array.from({ length: 4 }, () => ({ type: 'ignored' })),
      { type: 'packet', packet: 1 },
    ])
  })

  it('skips a frame beyond the limit, says which request it answered, and goes on', () => {
    const reader = new FrameReader(200)
    const long = frameOf({ op: 0, d: { event_id: '123', result: 'x'.repeat(300) } })
    const events = long.split('').flatMap((char) => reader.read(char))
    expect(events).toEqual([{ type: 'tooLong', eventId: '123' }])
    expect(reader.read(`${'y'.repeat(300)}\f${frameOf(2)}`)).toEqual([
      { type: 'tooLong', eventId: undefined },
      { type: 'packet', packet: 2 },
    ])
  })

  it('takes a frame of exactly the limit', () => {
    const frame = frameOf('z')
    expect(new FrameReader(frame.length - 1).read(frame)).toEqual([{ type: 'packet', packet: 'z' }])
    expect(new FrameReader(frame.length - 2).read(frame)).toEqual([
      { type: 'tooLong', eventId: undefined },
    ])
  })
})
