/** What a UDP stream does beyond the contract in `test/contract/carrier.test.ts`. */
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { encodeCredit, encodeData, encodeEnd } from '../../../src/transport/udp-records.js'
import { lopsidedPair, packetPeer } from '../../support/bare-udx.js'
import { whenClosed } from '../../support/connections.js'
import { VirtualSystem } from '../../support/virtual-system.js'

const done: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const undo of done.splice(0)) await undo()
})

async function pair(...given: Parameters<typeof lopsidedPair>) {
  const made = await lopsidedPair(...given)
  done.push(made.undo)
  return made
}

describe('the window', () => {
  it('is all that is ever sent to a peer that says nothing of room', async () => {
    const { stream, bare } = await pair()
    let payload = 0
    bare.on('data', (bytes: Buffer) => {
      payload += bytes.length
    })
    stream.write(Buffer.alloc(3 * limits.udpWindowBytes))
    await expect.poll(() => payload).toBeGreaterThanOrEqual(limits.udpWindowBytes)
    const headers = payload - limits.udpWindowBytes
    expect(headers).toBeLessThan(1_000)
    expect(stream.writableLength).toBe(3 * limits.udpWindowBytes)
  })

  it('is all that is taken from a peer that sends more', async () => {
    const { stream, bare } = await pair()
    const closed = whenClosed(stream)
    bare.write(encodeData(Buffer.alloc(limits.udpWindowBytes)))
    bare.write(encodeData(Buffer.alloc(1)))
    await closed
    expect(stream.errored).toMatchObject({ code: 'DM_FRAME_INVALID' })
    expect(stream.readableLength).toBeLessThanOrEqual(limits.udpWindowBytes)
  })

  it('opens again as far as was read, and no further', async () => {
    const { stream, bare } = await pair()
    const heard: Buffer[] = []
    bare.on('data', (bytes: Buffer) => heard.push(bytes))
    bare.write(encodeData(Buffer.alloc(limits.udpWindowBytes)))
    await expect.poll(() => stream.readableLength).toBe(limits.udpWindowBytes)
    expect(heard).toEqual([])
    stream.resume()
    const credits = () =>
      Array.from({ length: Buffer.concat(heard).length / 4 }, (_, index) =>
        Buffer.concat(heard).readUIntBE(index * 4 + 1, 3),
      )
    await expect
      .poll(() => credits().reduce((sum, count) => sum + count, 0))
      .toBeGreaterThanOrEqual((limits.udpWindowBytes * 3) / 4)
    expect(credits().reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(
      limits.udpWindowBytes,
    )
  })

  it('larger than a window is no honest one', async () => {
    const { stream, bare } = await pair()
    const closed = whenClosed(stream)
    bare.write(encodeCredit(1))
    await closed
    expect(stream.errored).toMatchObject({ code: 'DM_FRAME_INVALID' })
  })
})

describe('a peer that breaks the rules', () => {
  it('is cut off for records that make no sense', async () => {
    const { stream, bare } = await pair()
    const closed = whenClosed(stream)
    bare.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    await closed
    expect(stream.errored).toMatchObject({ code: 'DM_FRAME_INVALID' })
  })

  it('is cut off when its packets never come in order', async () => {
    const peer = await packetPeer()
    done.push(peer.undo)
    const closed = whenClosed(peer.stream)
    const filler = Buffer.alloc(1_200)
    for (let sequence = 1; !peer.stream.destroyed; sequence += 1) await peer.data(sequence, filler)
    await closed
    expect(peer.stream.errored).toMatchObject({
      code: 'DM_FRAME_INVALID',
      message: expect.stringContaining('out of order'),
    })
  })
})

describe('the end', () => {
  it('reaches the reader after what came before it, though the peer is gone by then', async () => {
    const { stream, bare } = await pair()
    const closed = new Promise((resolve) => bare.once('close', resolve))
    bare.write(encodeData(Buffer.from('last words')))
    bare.write(encodeEnd())
    await bare.flush()
    bare.destroy()
    await closed
    const words: Buffer[] = []
    stream.on('data', (bytes: Buffer) => words.push(bytes))
    await once(stream, 'end')
    expect(Buffer.concat(words).toString()).toBe('last words')
    await whenClosed(stream)
    expect(stream.errored).toBeNull()
  })

  it('is an error when the peer destroys its side in the middle', async () => {
    const { stream, bare } = await pair()
    const closed = whenClosed(stream)
    bare.write(encodeData(Buffer.from('and then')))
    await bare.flush()
    bare.destroy()
    await closed
    expect(stream.errored).toMatchObject({ code: 'ECONNRESET' })
  })

  it('of a destroyed stream comes after what was written', async () => {
    const { stream, bare } = await pair()
    const heard: Buffer[] = []
    bare.on('data', (bytes: Buffer) => heard.push(bytes))
    const closed = whenClosed(stream)
    stream.write('refused, because')
    stream.destroy()
    await closed
    const said = Buffer.concat([encodeData(Buffer.from('refused, because')), encodeEnd()])
    expect(Buffer.concat(heard)).toEqual(said)
  })

  it('is not waited for longer than the linger time when nobody answers', async () => {
    const system = new VirtualSystem(1)
    const peer = await packetPeer(system)
    done.push(peer.undo)
    peer.stream.write('is anybody there?')
    peer.stream.destroy()
    const closed = whenClosed(peer.stream)
    await system.advance(limits.udpLingerMs - 1)
    expect(peer.stream.closed).toBe(false)
    await system.advance(1)
    await closed
    expect(peer.stream.errored).toBeNull()
  })

  it('leaves no timer behind', async () => {
    const system = new VirtualSystem(1)
    const { stream, bare } = await pair(system)
    bare.on('data', () => {})
    stream.resume()
    const closed = whenClosed(stream)
    stream.destroy()
    await closed
    expect(system.pendingTimers).toBe(0)
  })
})
