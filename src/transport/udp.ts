/**
 * UDP as a carrier: the same contract as TCP, over the streams of `udx-native`. What both sides say
 * before there is a stream stands in `udp-hello.ts`, the stream itself in `udp-stream.ts`.
 *
 * Bare UDP proves nothing of the other side but its address. Who it is, and that nobody in between
 * reads or changes anything, is for TLS and the handshake on top, as with TCP.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { MachinesError } from '../errors.js'
import { realSystem, type System } from '../system/system.js'
import { formatAddress } from './address.js'
import type { Carrier, CarrierAddress, CarrierListener, RawConnection } from './carrier.js'
import { type ConnectionGate, type ConnectionLimits, gateOf } from './connection-gate.js'
import { networkReason } from './network-failure.js'
import { agreeOnStream } from './udp-dialing.js'
import { newStreamId } from './udp-hello.js'
import { UdpListener } from './udp-listener.js'
import { probe } from './udp-probe.js'
import { UdpStream } from './udp-stream.js'
import { loadUdx, type Udx } from './udx.js'

export type UdpFamily = 'udp4' | 'udp6'

/** A free port of every address, to dial from. */
const anyAddress: Readonly<Record<UdpFamily, string>> = { udp4: '0.0.0.0', udp6: '::' }

/**
 * The UDP carrier, for addresses of one family and names that lead there; `udp6` listening on `::`
 * serves IPv4 too. The connections of one listener share its port.
 *
 * `dial` and `listen` reject with DM_UDP_UNAVAILABLE where `udx-native` is missing. Over the
 * `bounds` a dialer is told so, and its `dial` rejects with DM_DIAL_FAILED.
 */
export function udpCarrier(
  family: UdpFamily,
  bounds: ConnectionLimits | ConnectionGate = {},
  system: System = realSystem,
): Carrier {
  return {
    name: family,
    dial: (address, signal) => dial(family, address, system, signal),
    listen: async (address, onConnection, signal) => {
      const gate = gateOf(bounds)
      const bind = (udx: Udx, bound: CarrierAddress) =>
        new UdpListener({ udx, address: bound, gate, system, onConnection })
      return listen(family, address, bind, signal)
    },
  }
}

async function listen(
  family: UdpFamily,
  address: CarrierAddress,
  bind: (udx: Udx, bound: CarrierAddress) => CarrierListener,
  signal: AbortSignal | undefined,
): Promise<CarrierListener> {
  signal?.throwIfAborted()
  const Udx = await loadUdx()
  try {
    return bind(new Udx(), await resolved(address, family, signal))
  } catch (thrown) {
    signal?.throwIfAborted()
    throw new MachinesError(
      'DM_LISTEN_FAILED',
      `cannot listen on ${formatAddress(address)} for UDP: ${networkReason(thrown)}`,
      { cause: thrown },
    )
  }
}

async function dial(
  family: UdpFamily,
  address: CarrierAddress,
  system: System,
  signal: AbortSignal,
): Promise<RawConnection> {
  signal.throwIfAborted()
  const Udx = await loadUdx()
  try {
    const target = await resolved(address, family, signal)
    const stream = await connect(new Udx(), { family, address, target, system }, signal)
    return { stream, remote: address }
  } catch (thrown) {
    signal.throwIfAborted()
    if (thrown instanceof MachinesError) throw thrown
    const where = formatAddress(address)
    const message = `cannot connect to ${where}: ${networkReason(thrown)}${hint(thrown)}`
    throw new MachinesError('DM_DIAL_FAILED', message, { cause: thrown })
  }
}

function hint(thrown: unknown): string {
  const isRefused = thrown instanceof Error && 'code' in thrown && thrown.code === 'ECONNREFUSED'
  return isRefused ? '; a child serves UDP where udx-native is installed' : ''
}

interface Route {
  readonly family: UdpFamily
  readonly address: CarrierAddress
  readonly target: CarrierAddress
  readonly system: System
}

/** A socket of its own for every connection; it is closed with it. */
async function connect(udx: Udx, route: Route, signal: AbortSignal): Promise<UdpStream> {
  const { family, target, system } = route
  const near = newStreamId(system)
  const socket = udx.createSocket()
  // Made before the other side can know its id, so that its first packets are not lost: a lost one
  // would come again only after a second.
  const udxStream = udx.createStream(near, { firewall: () => false })
  udxStream.on('error', () => {})
  const unreachable = new AbortController()
  let endProbe: (() => void) | undefined
  try {
    socket.bind(0, anyAddress[family])
    endProbe = probe(target, family, (error) => unreachable.abort(error))
    const either = AbortSignal.any([signal, unreachable.signal])
    const far = await agreeOnStream({ ...route, socket, near }, either)
    udxStream.connect(socket, far, target.port, target.host)
    if (udxStream.destroying) throw new Error('the other side broke the connection')
  } catch (thrown) {
    udxStream.destroy()
    void socket.close()
    throw thrown
  } finally {
    endProbe?.()
  }
  const stream = new UdpStream(udxStream, system)
  stream.on('error', () => {})
  stream.once('close', () => void socket.close())
  return stream
}

/** Host names are looked up; of several addresses the first is taken. */
async function resolved(
  { host, port }: CarrierAddress,
  family: UdpFamily,
  signal: AbortSignal | undefined,
): Promise<CarrierAddress> {
  signal?.throwIfAborted()
  const wanted = family === 'udp4' ? 4 : 6
  const literal = isIP(host)
  if (literal === wanted) return { host, port }
  if (literal !== 0) throw new Error(`${family} has no addresses of IPv${literal}`)
  const { address } = await unlessAborted(lookup(host, { family: wanted }), signal)
  return { host: address, port }
}

/** Rejects with the signal's reason as soon as it aborts; nobody hears what comes of the work then. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const over = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true, signal: over.signal })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    over.abort()
  }
}
