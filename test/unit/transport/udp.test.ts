/** What UDP adds to the contract in `test/contract/carrier.test.ts`. */
import { createHash, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { CarrierListener, RawConnection } from '../../../src/transport/carrier.js'
import { udpCarrier } from '../../../src/transport/udp.js'
import { decodeHello, encodeHello } from '../../../src/transport/udp-hello.js'
import { carriers } from '../../support/carriers.js'
import { never, whenClosed } from '../../support/connections.js'
import { type UdpFaults, type UdpRelay, udpRelay } from '../../support/udp-relay.js'
import { seededRandom } from '../../support/virtual-system.js'

const done: (() => unknown)[] = []

afterEach(async () => {
  for (const undo of done.splice(0).toReversed()) await undo()
})

async function listen(
  accepted: RawConnection[] = [],
  host = '127.0.0.1',
): Promise<CarrierListener> {
  const family = host.includes(':') ? 'udp6' : 'udp4'
  const listener = await udpCarrier(family).listen({ host, port: 0 }, (connection) => {
    accepted.push(connection)
  })
  done.push(async () => {
    for (const { stream } of accepted) stream.destroy()
    await listener.close()
  })
  return listener
}

async function dial(family: 'udp4' | 'udp6', host: string, port: number): Promise<RawConnection> {
  const connection = await udpCarrier(family).dial({ host, port }, never)
  done.push(() => {
    connection.stream.destroy()
    return whenClosed(connection.stream)
  })
  return connection
}

async function relayTo({ address }: CarrierListener, faults: UdpFaults): Promise<UdpRelay> {
  const relay = await udpRelay(address, faults)
  // Last of all: what the listener still has to say goes through it.
  done.unshift(() => relay.close())
  return relay
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Sends bytes and gives the hash of what the other side sent back. */
async function echoed(port: number, bytes: Uint8Array): Promise<string> {
  const { stream } = await dial('udp4', '127.0.0.1', port)
  stream.end(bytes)
  return hash(await buffer(stream))
}

describe('udpCarrier', () => {
  it('reaches a host name', async () => {
    const accepted: RawConnection[] = []
    const { address } = await listen(accepted)
    const { remote } = await dial('udp4', 'localhost', address.port)
    expect(remote.host).toBe('localhost')
    await expect.poll(() => accepted.length).toBe(1)
  })

  it.runIf(carriers.some(({ name }) => name === 'udp6'))(
    'serves IPv4 peers too where it listens on ::, under their IPv4 address',
    async () => {
      const accepted: RawConnection[] = []
      const { address } = await listen(accepted, '::')
      const near = await dial('udp4', '127.0.0.1', address.port)
      await dial('udp6', '0:0:0:0:0:0:0:1', address.port)
      await expect
        .poll(() => accepted.map(({ remote }) => remote.host))
        .toEqual(['127.0.0.1', '::1'])
      accepted[0]?.stream.end('over IPv4')
      expect((await buffer(near.stream)).toString()).toBe('over IPv4')
    },
  )

  it('names the family when an address is of the other one', async () => {
    await expect(udpCarrier('udp4').dial({ host: '::1', port: 9 }, never)).rejects.toMatchObject({
      code: 'DM_DIAL_FAILED',
      message: expect.stringContaining('udp4 has no addresses of IPv6'),
    })
    const listening = udpCarrier('udp6').listen({ host: '127.0.0.1', port: 0 }, () => {})
    await expect(listening).rejects.toMatchObject({ code: 'DM_LISTEN_FAILED' })
  })

  it('says DM_LISTEN_FAILED and why for an address of another machine', async () => {
    // 203.0.113.0/24 is for documentation (RFC 5737): nobody has it.
    const listening = udpCarrier('udp4').listen({ host: '203.0.113.1', port: 0 }, () => {})
    await expect(listening).rejects.toMatchObject({
      code: 'DM_LISTEN_FAILED',
      message: expect.stringContaining('no network interface of this machine has this address'),
    })
  })

  it('says DM_DIAL_FAILED for a port that cannot be', async () => {
    const dialling = udpCarrier('udp4').dial({ host: '127.0.0.1', port: 65_536 }, never)
    await expect(dialling).rejects.toMatchObject({ code: 'DM_DIAL_FAILED' })
  })

  it('gives up at once while a name is looked up', async () => {
    const controller = new AbortController()
    const target = { host: 'no-such-host.invalid', port: 9 }
    const dialling = udpCarrier('udp4').dial(target, controller.signal)
    const reason = new Error('changed my mind')
    await Promise.resolve()
    controller.abort(reason)
    await expect(dialling).rejects.toBe(reason)
  })

  it('says that the listener is stopping while connections of it are open', async () => {
    const listener = await listen()
    await dial('udp4', '127.0.0.1', listener.address.port)
    void listener.close()
    const dialling = udpCarrier('udp4').dial(listener.address, never)
    await expect(dialling).rejects.toMatchObject({
      code: 'DM_DIAL_FAILED',
      message: expect.stringContaining('the other side is stopping'),
    })
  })
})

describe('a network that loses, repeats and reorders', () => {
  it.each([1, 2, 3])(
    'does not show in what arrives (seed %i)',
    async (seed) => {
      const accepted: RawConnection[] = []
      const listener = await listen(accepted)
      const random = seededRandom(seed)
      const faults = { random, lose: 0.03, repeat: 0.05, delay: 0.05, delayMsMax: 5 }
      const relay = await relayTo(listener, faults)
      const sent = randomBytes(1024 * 1024)
      const answer = echoed(relay.address.port, sent)
      const { stream } = await vi.waitUntil(() => accepted[0], { timeout: 20_000 })
      stream.pipe(stream)
      expect(await answer).toBe(hash(sent))
      expect(relay.lost).toBeGreaterThan(10)
      // However often a question was asked, there is one connection.
      expect(accepted).toHaveLength(1)
    },
    60_000,
  )

  it('does not keep two sides from meeting', async () => {
    const accepted: RawConnection[] = []
    const listener = await listen(accepted)
    // A third of the hello's datagrams get through, and those come twice.
    const faults = { random: seededRandom(5), lose: 0.65, repeat: 1 }
    const relay = await relayTo(listener, faults)
    const { stream } = await dial('udp4', '127.0.0.1', relay.address.port)
    stream.on('error', () => {})
    expect(relay.lost).toBeGreaterThan(0)
    expect(accepted).toHaveLength(1)
  }, 60_000)

  it('may have a small MTU: 1,280 bytes, the least that IPv6 allows', async () => {
    const accepted: RawConnection[] = []
    const listener = await listen(accepted)
    // 20 bytes of IPv4 header and 8 of UDP come on top.
    const relay = await relayTo(listener, { random: Math.random, bytesMax: 1_280 - 28 })
    const sent = randomBytes(1024 * 1024)
    const answer = echoed(relay.address.port, sent)
    const { stream } = await vi.waitUntil(() => accepted[0])
    stream.pipe(stream)
    expect(await answer).toBe(hash(sent))
    expect(relay.lost).toBeGreaterThan(0)
  }, 60_000)

  it('that is gone ends the connection of whoever sends', async () => {
    const listener = await listen()
    const relay = await relayTo(listener, { random: Math.random })
    const { stream } = await dial('udp4', '127.0.0.1', relay.address.port)
    relay.cut()
    stream.write('is anybody there?')
    await whenClosed(stream)
    expect(stream.errored).toMatchObject({ code: 'ETIMEDOUT' })
  }, 60_000)
})

async function stranger(port: number) {
  const socket = createSocket('udp4')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  done.push(() => socket.close())
  const heard: Buffer[] = []
  socket.on('message', (bytes) => heard.push(bytes))
  return { socket, heard }
}

describe('strangers at a UDP port', () => {
  it('hear nothing for what is no question, and the listener goes on', async () => {
    const listener = await listen([])
    const { socket, heard } = await stranger(listener.address.port)
    const random = seededRandom(9)
    for (let count = 0; count < 2_000; count += 1) {
      const bytes = Buffer.from(
        Array.from({ length: Math.floor(random() * 100) }, () => Math.floor(random() * 256)),
      )
      // As packets of udx begin.
      if (random() < 0.5) bytes.set(Buffer.from([255, 1]).subarray(0, bytes.length))
      socket.send(bytes)
      if (count % 50 === 0) await new Promise(setImmediate)
    }
    await dial('udp4', '127.0.0.1', listener.address.port)
    expect(heard).toEqual([])
  })

  it('get no connection without showing that their address is theirs', async () => {
    const accepted: RawConnection[] = []
    const listener = await listen(accepted)
    const { socket, heard } = await stranger(listener.address.port)
    const token = randomBytes(16)
    socket.send(encodeHello({ type: 'connect', token, near: 5, cookie: randomBytes(16) }))
    await expect.poll(() => heard.length).toBe(1)
    expect(decodeHello(heard[0] ?? Buffer.alloc(0))).toMatchObject({ type: 'retry', token })
    expect(accepted).toEqual([])
  })

  it('cannot answer for a listener: the dialer goes by its token', async () => {
    const liar = createSocket('udp4')
    liar.bind(0, '127.0.0.1')
    await once(liar, 'listening')
    done.push(() => liar.close())
    let questions = 0
    liar.on('message', (question, { port, address }) => {
      const hello = decodeHello(question)
      const near = typeof hello === 'object' ? hello.near : 0
      // The probe of a dialer asks as well, once, for stream 0.
      if (near !== 0) questions += 1
      liar.send(
        encodeHello({ type: 'accept', token: randomBytes(16), near, far: 2 }),
        port,
        address,
      )
    })
    const controller = new AbortController()
    const target = { host: '127.0.0.1', port: liar.address().port }
    const dialling = udpCarrier('udp4').dial(target, controller.signal)
    // Who asks for the third time did not believe the first answer.
    await expect.poll(() => questions, { timeout: 10_000 }).toBeGreaterThan(2)
    const reason = new Error('nobody believed it')
    controller.abort(reason)
    await expect(dialling).rejects.toBe(reason)
  })
})
