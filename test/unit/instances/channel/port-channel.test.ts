import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import type { InstanceChannel } from '../../../../src/instances/channel/instance-channel.js'
import { portChannel } from '../../../../src/instances/channel/port-channel.js'
import { limits } from '../../../../src/limits.js'

const MiB = 1024 * 1024
const open: InstanceChannel[] = []

function pair(): [InstanceChannel, InstanceChannel] {
  const { port1, port2 } = new MessageChannel()
  const sides: [InstanceChannel, InstanceChannel] = [portChannel(port1), portChannel(port2)]
  open.push(...sides)
  return sides
}

/** The first frames that arrive, as op and length. */
function frames(channel: InstanceChannel, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const found: string[] = []
    channel.events = {
      frame(op, payload) {
        found.push(`${op}:${payload.length}`)
        if (found.length === count) resolve(found)
      },
      close() {},
    }
  })
}

afterEach(() => {
  for (const channel of open.splice(0)) channel.close()
})

describe('portChannel', () => {
  it('carries frames both ways in order', async () => {
    const [left, right] = pair()
    const atRight = frames(right, 2)
    const atLeft = frames(left, 1)
    left.send(1, Buffer.alloc(3))
    left.send(2, Buffer.alloc(5 * MiB))
    right.send(3)
    expect(await atRight).toEqual(['1:3', '2:5242880'])
    expect(await atLeft).toEqual(['3:0'])
  })

  it('sends only the bytes of a view, not the buffer it looks at, and leaves that one usable', async () => {
    const [left, right] = pair()
    const whole = Buffer.alloc(100_000, 7)
    const received = new Promise<Uint8Array>((resolve) => {
      right.events = { frame: (_op, payload) => resolve(payload), close() {} }
    })
    left.send(1, whole.subarray(0, 50_000))
    expect((await received).buffer.byteLength).toBeLessThan(60_000)
    expect(whole[0]).toBe(7)
  })

  it('says close to the other side after all that was sent', async () => {
    const [left, right] = pair()
    const seen: string[] = []
    const closed = new Promise<void>((resolve) => {
      right.events = { frame: (op) => seen.push(`${op}`), close: () => resolve() }
    })
    left.send(4)
    left.close()
    await closed
    expect(seen).toEqual(['4'])
  })

  it('refuses more than the backlog while the other side does not read', async () => {
    const { port1, port2 } = new MessageChannel()
    const left = portChannel(port1)
    const big = Buffer.alloc(60 * MiB)
    const fits = Math.floor(limits.channelBacklogBytesMax / (big.length + 5))
    const answers = Array.from({ length: fits + 1 }, () => left.send(1, big))
    expect(answers).toEqual([...Array(fits).fill(true), false])
    const right = portChannel(port2)
    open.push(left, right)
    await frames(right, fits)
    // The confirmation of the last bytes comes right behind.
    await new Promise((resolve) => port1.once('message', resolve))
    expect(left.send(1)).toBe(true)
  })
})
