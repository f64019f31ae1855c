/** What every carrier keeps to; see `src/transport/carrier.ts`. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { formatAddress } from '../../src/transport/address.js'
import type {
  Carrier,
  CarrierAddress,
  CarrierListener,
  RawConnection,
} from '../../src/transport/carrier.js'
import { carriers } from '../support/carriers.js'
import { connectPair, never, whenClosed } from '../support/connections.js'

const done: (() => unknown)[] = []

afterEach(async () => {
  for (const undo of done.splice(0).toReversed()) await undo()
})

async function dial(carrier: Carrier, { address }: CarrierListener): Promise<Duplex> {
  const { stream } = await carrier.dial(address, never)
  done.push(() => stream.destroy())
  return stream
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Dials a listener without room; resolves when the connection is gone or was refused. */
async function dialInVain(carrier: Carrier, { address }: CarrierListener): Promise<void> {
  const raw = await carrier.dial(address, never).catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'DM_DIAL_FAILED', message: /no room/ })
  })
  if (raw) await whenClosed(raw.stream.resume())
}

describe.each(carriers)('carrier $name', ({ name, host, make }) => {
  /** Listens; everything is closed after the test. */
  async function listen(
    carrier: Carrier,
    onConnection: (connection: RawConnection) => void = () => {},
  ): Promise<CarrierListener> {
    const listener = await carrier.listen({ host, port: 0 }, (connection) => {
      done.push(() => connection.stream.destroy())
      onConnection(connection)
    })
    // Not waited for: the connections that it handed out are destroyed after it.
    done.push(() => void listener.close())
    return listener
  }

  /** Both ends of one connection; both are gone after the test. */
  async function connected(carrier: Carrier): Promise<{ near: Duplex; far: Duplex }> {
    const { near, far, undo } = await connectPair(carrier, host)
    done.push(undo)
    return { near: near.stream, far: far.stream }
  }

  /** Sends `bytes` through a new connection and gives what comes back. */
  async function echo(carrier: Carrier, bytes: Uint8Array): Promise<Uint8Array> {
    const listener = await listen(carrier, ({ stream }) => stream.pipe(stream))
    const stream = await dial(carrier, listener)
    stream.end(bytes)
    return buffer(stream)
  }

  it('has its name', () => {
    expect(make().name).toBe(name)
  })

  it('gives a free port for port 0 and says where both sides are', async () => {
    const carrier = make()
    const remotes: CarrierAddress[] = []
    const listener = await listen(carrier, ({ remote }) => remotes.push(remote))
    expect(listener.address.host).toBe(host)
    expect(listener.address.port).toBeGreaterThan(0)
    const connection = await carrier.dial(listener.address, never)
    done.push(() => connection.stream.destroy())
    expect(connection.remote).toEqual(listener.address)
    await expect.poll(() => remotes).toEqual([{ host, port: expect.any(Number) }])
  })

  it('carries 8 MiB both ways, in order and unchanged', async () => {
    const sent = randomBytes(8 * 1024 * 1024)
    expect(hash(await echo(make(), sent))).toBe(hash(sent))
  })

  it('holds a writer back whose peer does not read, and lets it go on', async () => {
    const carrier = make()
    const { near, far } = await connected(carrier)
    const chunk = Buffer.alloc(1024 * 1024)
    let finished = 0
    // More than the buffers of any kernel on the way would take.
    for (let count = 0; count < 64; count += 1) near.write(chunk, () => (finished += 1))
    expect(near.writableNeedDrain).toBe(true)
    // Time enough for what can move to move.
    await echo(carrier, chunk)
    expect(finished).toBeLessThan(64)
    expect(near.writableLength).toBeGreaterThan(0)
    far.resume()
    near.end()
    await once(near, 'finish')
    expect(finished).toBe(64)
  })

  it('ends the other side after all that was written, and then closes both', async () => {
    const { near, far } = await connected(make())
    far.write('from far before the end')
    near.end('last words')
    const closed = Promise.all([whenClosed(near), whenClosed(far)])
    const [heardFar, heardNear] = await Promise.all([buffer(far), buffer(near)])
    expect(heardFar.toString()).toBe('last words')
    expect(heardNear.toString()).toBe('from far before the end')
    await closed
    expect(far.errored).toBeNull()
  })

  it('tells the other side when one side is destroyed', async () => {
    const { near, far } = await connected(make())
    far.resume()
    const closed = whenClosed(far)
    near.destroy()
    await closed
    expect(far.destroyed).toBe(true)
  })

  it('survives writing to a peer that is gone', async () => {
    const { near, far } = await connected(make())
    const closed = whenClosed(near)
    far.destroy()
    // Nobody but the carrier listens for errors here; an unhandled one would fail the run.
    near.on('close', () => near.write('too late'))
    near.write('nobody reads this')
    near.resume()
    await closed
    expect(near.destroyed).toBe(true)
  })

  it('says DM_DIAL_FAILED and where when nothing listens', async () => {
    const carrier = make()
    const listener = await listen(carrier)
    await listener.close()
    await expect(carrier.dial(listener.address, never)).rejects.toMatchObject({
      code: 'DM_DIAL_FAILED',
      message: expect.stringContaining(`${formatAddress(listener.address)}: nothing listens there`),
    })
  })

  it('says DM_LISTEN_FAILED and where when the port is in use', async () => {
    const carrier = make()
    const { address } = await listen(carrier)
    await expect(carrier.listen(address, () => {})).rejects.toMatchObject({
      code: 'DM_LISTEN_FAILED',
      message: expect.stringContaining(formatAddress(address)),
    })
  })

  it('gives up dialling with the reason of the signal, before and during', async () => {
    const carrier = make()
    const listener = await listen(carrier)
    const reason = new Error('changed my mind')
    await expect(carrier.dial(listener.address, AbortSignal.abort(reason))).rejects.toBe(reason)
    const controller = new AbortController()
    const dialling = carrier.dial(listener.address, controller.signal)
    controller.abort(reason)
    await expect(dialling).rejects.toBe(reason)
  })

  it('leaves a connection alone when the signal aborts after it was made', async () => {
    const carrier = make()
    const listener = await listen(carrier, ({ stream }) => stream.pipe(stream))
    const controller = new AbortController()
    const { stream } = await carrier.dial(listener.address, controller.signal)
    done.push(() => stream.destroy())
    controller.abort()
    stream.end('still here')
    expect((await buffer(stream)).toString()).toBe('still here')
  })

  it('gives up listening with the reason of the signal and leaves the port free', async () => {
    const carrier = make()
    const listener = await listen(carrier)
    const { address } = listener
    await listener.close()
    const reason = new Error('stopped during start')
    const controller = new AbortController()
    const listening = carrier.listen(address, () => {}, controller.signal)
    controller.abort(reason)
    await expect(listening).rejects.toBe(reason)
    const again = await carrier.listen(address, () => {})
    await again.close()
  })

  it('closes its listener, twice if asked, without touching open connections', async () => {
    const carrier = make()
    const { listener, near, far, undo } = await connectPair(carrier, host)
    done.push(undo)
    const closed = Promise.all([listener.close(), listener.close()])
    await expect(carrier.dial(listener.address, never)).rejects.toMatchObject({
      code: 'DM_DIAL_FAILED',
    })
    far.stream.resume().end('after the close')
    expect((await buffer(near.stream)).toString()).toBe('after the close')
    await closed
    const again = await carrier.listen(listener.address, () => {})
    await again.close()
  })

  it('cuts a connection over the limit of an address, counts it, and has room again later', async () => {
    const carrier = make({ connectionsPerAddressMax: 1 })
    const accepted: Duplex[] = []
    const listener = await listen(carrier, ({ stream }) => accepted.push(stream.resume()))
    const first = await dial(carrier, listener)
    await dialInVain(carrier, listener)
    expect(listener.refused).toEqual({ overall: 0, perAddress: 1 })
    expect(accepted).toHaveLength(1)
    first.destroy()
    await expect.poll(() => accepted[0]?.closed).toBe(true)
    const third = await dial(carrier, listener)
    await expect.poll(() => accepted.length).toBe(2)
    expect(third.destroyed).toBe(false)
    expect(listener.refused).toEqual({ overall: 0, perAddress: 1 })
  })

  it('cuts a connection over the limit of the listener and counts it', async () => {
    const carrier = make({ connectionsMax: 2, connectionsPerAddressMax: 9 })
    const listener = await listen(carrier)
    await dial(carrier, listener)
    await dial(carrier, listener)
    await dialInVain(carrier, listener)
    expect(listener.refused).toEqual({ overall: 1, perAddress: 0 })
  })
})
