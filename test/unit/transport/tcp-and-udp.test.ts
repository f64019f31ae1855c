import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { MachinesError } from '../../../src/errors.js'
import type { UdpListening } from '../../../src/options/resolved-options.js'
import type { Carrier, RawConnection } from '../../../src/transport/carrier.js'
import type { ConnectionLimits } from '../../../src/transport/connection-gate.js'
import { tcpCarrier } from '../../../src/transport/tcp.js'
import { tcpAndUdp } from '../../../src/transport/tcp-and-udp.js'
import { udpCarrier } from '../../../src/transport/udp.js'
import { anyPort, never, whenClosed } from '../../support/connections.js'
import { freePort } from '../../support/free-port.js'

const done: (() => unknown)[] = []

afterEach(async () => {
  for (const undo of done.splice(0).toReversed()) await undo()
})

interface Scene {
  readonly udp?: UdpListening
  readonly bounds?: ConnectionLimits
  readonly udpCarrier?: () => Carrier
  readonly port?: number
}

async function listen({ udp = 'whenPossible', bounds = {}, port = 0, ...given }: Scene = {}) {
  const accepted: RawConnection[] = []
  const warnings: MachinesError[] = []
  const onWarning = (warning: MachinesError) => warnings.push(warning)
  const carrier = tcpAndUdp({ udp, bounds, onWarning, ...given })
  const listener = await carrier.listen({ ...anyPort, port }, (raw) => accepted.push(raw))
  done.push(async () => {
    for (const { stream } of accepted) stream.destroy()
    await listener.close()
  })
  return { listener, accepted, warnings }
}

async function dial(carrier: Carrier, port: number): Promise<RawConnection> {
  const raw = await carrier.dial({ ...anyPort, port }, never)
  done.push(() => {
    raw.stream.destroy()
    return whenClosed(raw.stream)
  })
  return raw
}

/** Takes a port for UDP that is free for TCP, and gives it. */
async function takenPort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(await freePort(), '127.0.0.1')
  await once(socket, 'listening')
  done.push(() => socket.close())
  return socket.address().port
}

function failing(code: 'DM_UDP_UNAVAILABLE' | 'DM_LISTEN_FAILED', times = Infinity): () => Carrier {
  let failures = 0
  return () => ({
    ...udpCarrier('udp4'),
    listen: (...rest) => {
      failures += 1
      if (failures > times) return udpCarrier('udp4').listen(...rest)
      return Promise.reject(new MachinesError(code, 'not today'))
    },
  })
}

describe('tcpAndUdp', () => {
  it('listens for both on one port', async () => {
    const { listener, accepted, warnings } = await listen()
    await dial(tcpCarrier(), listener.address.port)
    await dial(udpCarrier('udp4'), listener.address.port)
    await expect.poll(() => accepted.length).toBe(2)
    expect(warnings).toEqual([])
  })

  it('counts the connections of both together', async () => {
    const { listener } = await listen({ bounds: { connectionsMax: 1 } })
    await dial(tcpCarrier(), listener.address.port)
    await expect(dial(udpCarrier('udp4'), listener.address.port)).rejects.toMatchObject({
      code: 'DM_DIAL_FAILED',
      message: expect.stringContaining('no room'),
    })
    expect(listener.refused).toEqual({ overall: 1, perAddress: 0 })
  })

  it('frees both when it is closed', async () => {
    const { listener } = await listen()
    await listener.close()
    await listener.close()
    await listen({ port: listener.address.port, udp: 'required' })
  })

  it('leaves UDP out when it is off', async () => {
    const { listener } = await listen({ udp: 'off' })
    await expect(dial(udpCarrier('udp4'), listener.address.port)).rejects.toMatchObject({
      code: 'DM_DIAL_FAILED',
      message: expect.stringContaining('nothing listens there'),
    })
    await dial(tcpCarrier(), listener.address.port)
  })

  it('tries other ports until one is free for both', async () => {
    const { listener, accepted } = await listen({ udpCarrier: failing('DM_LISTEN_FAILED', 3) })
    await dial(udpCarrier('udp4'), listener.address.port)
    await expect.poll(() => accepted.length).toBe(1)
  })

  it('warns and serves TCP alone when the port is taken for UDP', async () => {
    const { listener, warnings } = await listen({ port: await takenPort() })
    expect(warnings).toMatchObject([{ code: 'DM_LISTEN_FAILED' }])
    await dial(tcpCarrier(), listener.address.port)
  })

  it('serves TCP alone without a word when udx-native is not installed', async () => {
    const { listener, warnings } = await listen({ udpCarrier: failing('DM_UDP_UNAVAILABLE') })
    expect(warnings).toEqual([])
    await dial(tcpCarrier(), listener.address.port)
  })

  it('fails, and frees the port of TCP, when UDP is required and cannot be', async () => {
    const port = await takenPort()
    await expect(listen({ port, udp: 'required' })).rejects.toMatchObject({
      code: 'DM_LISTEN_FAILED',
    })
    const without = failing('DM_UDP_UNAVAILABLE')
    await expect(listen({ port, udp: 'required', udpCarrier: without })).rejects.toMatchObject({
      code: 'DM_UDP_UNAVAILABLE',
    })
    await listen({ port, udp: 'off' })
  })
})
