/** What TCP adds to the contract in `test/contract/carrier.test.ts`. */
import { Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { CarrierListener, RawConnection } from '../../../src/transport/carrier.js'
import { tcpCarrier } from '../../../src/transport/tcp.js'
import { never } from '../../support/connections.js'

const open: { destroy(): void }[] = []
const listeners: CarrierListener[] = []

afterEach(async () => {
  for (const stream of open.splice(0)) stream.destroy()
  for (const listener of listeners.splice(0)) await listener.close()
})

async function listen(host: string, accepted: RawConnection[]): Promise<CarrierListener> {
  const listener = await tcpCarrier().listen({ host, port: 0 }, (connection) => {
    open.push(connection.stream)
    accepted.push(connection)
  })
  listeners.push(listener)
  return listener
}

async function dial(host: string, port: number): Promise<RawConnection> {
  const connection = await tcpCarrier().dial({ host, port }, never)
  open.push(connection.stream)
  return connection
}

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

describe('tcpCarrier', () => {
  it('reaches a host name', async () => {
    const accepted: RawConnection[] = []
    const { address } = await listen('localhost', accepted)
    const { remote } = await dial('localhost', address.port)
    expect(remote.host).toBe('localhost')
    await expect.poll(() => accepted.length).toBe(1)
  })

  it('sends small messages at once from the dialing end, too, and probes an idle peer', async () => {
    const noDelay = vi.spyOn(Socket.prototype, 'setNoDelay')
    const keepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive')
    const { address } = await listen('127.0.0.1', [])
    const { stream } = await dial('127.0.0.1', address.port)
    // Node leaves these options of `connect` aside where the socket exists before.
    const ofStream = ({ mock }: typeof noDelay | typeof keepAlive) =>
      mock.calls[mock.contexts.indexOf(stream)]
    expect(ofStream(noDelay)).toEqual([true])
    expect(ofStream(keepAlive)).toEqual([true, 30_000])
    noDelay.mockRestore()
    keepAlive.mockRestore()
  })

  it.runIf(hasIPv6)('reaches IPv6 addresses, in upper case and spelled out too', async () => {
    const accepted: RawConnection[] = []
    const { address } = await listen('::1', accepted)
    await dial('0:0:0:0:0:0:0:1', address.port)
    await dial('::1', address.port)
    await expect.poll(() => accepted.map(({ remote }) => remote.host)).toEqual(['::1', '::1'])
  })

  it.runIf(hasIPv6)('shows an IPv4 peer of a dual-stack listener by its IPv4 address', async () => {
    const accepted: RawConnection[] = []
    const { address } = await listen('::', accepted)
    await dial('127.0.0.1', address.port)
    await expect.poll(() => accepted.map(({ remote }) => remote.host)).toEqual(['127.0.0.1'])
  })

  it.runIf(hasIPv6 && process.platform === 'linux')('reaches an address with a zone', async () => {
    const accepted: RawConnection[] = []
    const { address } = await listen('::1', accepted)
    // A name would be looked up, and there is none like this.
    await dial('::1%lo', address.port)
    await expect.poll(() => accepted).toHaveLength(1)
  })

  it('says DM_DIAL_FAILED for a port that cannot be', async () => {
    await expect(
      tcpCarrier().dial({ host: '127.0.0.1', port: 65_536 }, never),
    ).rejects.toMatchObject({ code: 'DM_DIAL_FAILED' })
  })

  it('says DM_LISTEN_FAILED and why for an address of another machine', async () => {
    // 203.0.113.0/24 is for documentation (RFC 5737): nobody has it.
    const listening = tcpCarrier().listen({ host: '203.0.113.1', port: 0 }, () => {})
    await expect(listening).rejects.toMatchObject({
      code: 'DM_LISTEN_FAILED',
      message: expect.stringContaining('no network interface of this machine has this address'),
    })
  })
})
