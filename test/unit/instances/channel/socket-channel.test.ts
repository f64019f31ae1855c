import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { InstanceChannel } from '../../../../src/instances/channel/instance-channel.js'
import { socketChannel } from '../../../../src/instances/channel/socket-channel.js'
import { limits } from '../../../../src/limits.js'

/** Resolves when a channel closes; what comes until then goes to `frame`. */
const closing = (
  channel: InstanceChannel,
  frame: (op: number, payload: Uint8Array) => void = () => {},
): Promise<Error | undefined> =>
  new Promise((resolve) => {
    channel.events = { frame, close: resolve }
  })

describe('socketChannel', () => {
  let server: Server
  let left: Socket
  let right: Socket

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const accepted = once(server, 'connection')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    left = connect(address.port, '127.0.0.1')
    right = (await accepted)[0] as Socket
  })

  afterEach(() => {
    left.destroy()
    right.destroy()
    server.close()
  })

  it('carries frames and then the end', async () => {
    const sender = socketChannel(left)
    const seen: string[] = []
    const ended = closing(socketChannel(right), (op, payload) =>
      seen.push(`${op}:${payload.length}`),
    )
    sender.send(1, Buffer.alloc(3))
    sender.send(2, Buffer.alloc(3_000_000))
    sender.close()
    expect(await ended).toBeUndefined()
    expect(seen).toEqual(['1:3', '2:3000000'])
  })

  it('carries every byte through a socket that the other side reads now and then', async () => {
    const sender = socketChannel(left)
    const sums: number[] = []
    const ended = closing(socketChannel(right), (op, payload) =>
      sums.push(payload.every((byte) => byte === op) ? payload.length : -1),
    )
    const lengths: number[] = []
    for (let round = 0; round < 300; round += 1) {
      right[round % 3 === 0 ? 'pause' : 'resume']()
      for (const length of [7, 9_000, 20_000, round % 50 === 0 ? 300_000 : 0]) {
        lengths.push(length)
        expect(sender.send(lengths.length % 251, Buffer.alloc(length, lengths.length % 251))).toBe(
          true,
        )
      }
      if (round % 4 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    right.resume()
    sender.close()
    expect(await ended).toBeUndefined()
    expect(sums).toEqual(lengths)
  })

  it('reports what broke the socket', async () => {
    const closed = closing(socketChannel(left))
    left.destroy(new Error('broken'))
    expect((await closed)?.message).toBe('broken')
  })

  it('ends when the other side speaks nonsense', async () => {
    const closed = closing(socketChannel(left))
    right.write(Buffer.alloc(4, 0xff))
    expect(await closed).toMatchObject({ code: 'DM_CHANNEL_PROTOCOL' })
  })

  it('refuses more than the backlog while the other side does not read', () => {
    const channel = socketChannel(left)
    const big = Buffer.alloc(60 * 1024 * 1024)
    const fits = Math.floor(limits.channelBacklogBytesMax / (big.length + 5))
    const answers = Array.from({ length: fits + 1 }, () => channel.send(1, big))
    expect(answers).toEqual([...Array(fits).fill(true), false])
  })
})
