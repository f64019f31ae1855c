import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  type ByteCarrier,
  type CarrierEvents,
  type ChannelBounds,
  FrameChannel,
} from '../../../../src/instances/channel/frame-channel.js'
import { encodeFrames } from '../../../../src/instances/channel/frame-codec.js'

function setUp(bounds: ChannelBounds = { frameBytesMax: 100, backlogBytesMax: 200 }) {
  const writes: Buffer[] = []
  const calls: string[] = []
  const state = { backlog: 0 }
  let carrierEvents: CarrierEvents | undefined
  const channel = new FrameChannel((events): ByteCarrier => {
    carrierEvents = events
    return {
      write: (frames) => void writes.push(Buffer.concat(encodeFrames(frames))),
      backlogBytes: () => state.backlog,
      end: () => void calls.push('end'),
      destroy: () => void calls.push('destroy'),
      ref: () => void calls.push('ref'),
      unref: () => void calls.push('unref'),
    }
  }, bounds)
  const received: string[] = []
  channel.events = {
    frame: (op, payload) => received.push(`${op}:${Buffer.from(payload).toString()}`),
    close: (error) => received.push(`close ${error?.message ?? ''}`.trim()),
  }
  const data = (text: string) => carrierEvents?.data(Buffer.from(text, 'latin1'))
  const close = (error?: Error) => carrierEvents?.close(error)
  return { channel, writes, calls, state, received, data, close }
}

describe('FrameChannel', () => {
  it('writes the frames of one turn at once', async () => {
    const { channel, writes } = setUp()
    channel.send(1, Buffer.from('a'))
    channel.send(2)
    expect(writes).toEqual([])
    await turn()
    expect(writes.map(String)).toEqual(['\0\0\0\x02\x01a\0\0\0\x01\x02'])
  })

  it('does not wait for the end of the turn with what is enough for a write', async () => {
    const { channel, writes } = setUp({ frameBytesMax: 10_000, backlogBytesMax: 1_000_000 })
    for (let count = 0; count < 20; count += 1) channel.send(1, Buffer.alloc(995))
    expect(writes.map(({ length }) => length)).toEqual([9_000, 9_000])
    await turn()
    expect(writes.map(({ length }) => length)).toEqual([9_000, 9_000, 2_000])
  })

  it('writes small frames in pieces of which the other side has one while the next is made', async () => {
    const { channel, writes } = setUp({ frameBytesMax: 100, backlogBytesMax: 10_000 })
    for (let count = 0; count < 64; count += 1) channel.send(1, Buffer.from('a'))
    expect(writes.map(({ length }) => length)).toEqual([24 * 6, 24 * 6])
    await turn()
    expect(writes.map(({ length }) => length)).toEqual([24 * 6, 24 * 6, 16 * 6])
  })

  it('refuses what would go over the backlog, and takes it later', async () => {
    const { channel, writes, state } = setUp()
    state.backlog = 190
    expect(channel.send(1, Buffer.from('12345'))).toBe(true)
    expect(channel.send(1)).toBe(false)
    state.backlog = 0
    expect(channel.send(1)).toBe(true)
    await turn()
    expect(writes).toHaveLength(1)
  })

  it('takes a little more of what is vital', () => {
    const { channel, state } = setUp()
    state.backlog = 200
    expect(channel.send(1)).toBe(false)
    expect(channel.send(1, Buffer.from('stop'), 'vital')).toBe(true)
    state.backlog = 200 + 64 * 1024
    expect(channel.send(1, Buffer.from('stop'), 'vital')).toBe(false)
  })

  it('refuses a frame that the other side would refuse', () => {
    const { channel } = setUp()
    expect(channel.send(1, Buffer.alloc(99))).toBe(true)
    expect(channel.send(1, Buffer.alloc(100))).toBe(false)
  })

  it('hands frames over until it closes', () => {
    const { received, data, close, channel } = setUp()
    data('\0\0\0\x02\x01a\0\0')
    data('\0\x01\x02')
    close()
    close()
    data('\0\0\0\x02\x01a')
    expect(received).toEqual(['1:a', '2:', 'close'])
    expect(channel.send(1)).toBe(false)
  })

  it('ends with an error when bytes make no sense', () => {
    const { received, calls, data } = setUp()
    data('\0\0\0\x02\x01a\0\0\0\0')
    data('\0\0\0\x02\x01a')
    expect(received[0]).toBe('1:a')
    expect(received.slice(1)).toEqual([
      expect.stringMatching(/^close a frame .* announces 0 bytes/),
    ])
    expect(calls).toEqual(['destroy'])
  })

  it('passes an error of a handler on instead of ending the channel for it', () => {
    const { channel, calls, data } = setUp()
    channel.events = {
      frame() {
        throw new Error('from the handler')
      },
      close() {},
    }
    expect(() => data('\0\0\0\x01\x01\0\0\0\x01\x02')).toThrow('from the handler')
    expect(calls).toEqual([])
    const later: number[] = []
    channel.events = { frame: (op) => later.push(op), close() {} }
    data('\0\0\0\x01\x03')
    expect(later).toEqual([2, 3])
  })

  it('writes what was sent before it ends', () => {
    const { channel, writes, calls } = setUp()
    channel.send(1)
    channel.close()
    channel.close()
    expect(writes).toHaveLength(1)
    expect(calls).toEqual(['end'])
    expect(channel.send(1)).toBe(false)
  })

  it('still hears the other side while it is closing', () => {
    const { channel, received, data, close } = setUp()
    channel.close()
    data('\0\0\0\x01\x04')
    close()
    expect(received).toEqual(['4:', 'close'])
  })
})
