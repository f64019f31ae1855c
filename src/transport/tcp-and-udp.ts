/** Listens for TCP and UDP on one port number, as a child does: its parent chooses between them. */
import { isIPv6 } from 'node:net'
import { MachinesError, toError } from '../errors.js'
import type { UdpListening } from '../options/resolved-options.js'
import { managerDebug } from '../system/manager-debug.js'
import type { Carrier, CarrierAddress, CarrierListener } from './carrier.js'
import { type ConnectionGate, type ConnectionLimits, gateOf } from './connection-gate.js'
import { tcpCarrier } from './tcp.js'
import { type UdpFamily, udpCarrier } from './udp.js'

export interface TcpAndUdpOptions {
  /** For the connections of both together. */
  readonly bounds: ConnectionLimits
  readonly udp: UdpListening
  /** UDP was not required, and its port cannot be had. */
  readonly onWarning: (error: MachinesError) => void
  /** Default: `udpCarrier`. */
  readonly udpCarrier?: (family: UdpFamily, gate: ConnectionGate) => Carrier
}

/** How many free ports of TCP are tried until one is free for UDP as well. */
const portTriesMax = 16

const debug = managerDebug('discordoo:machines:udp')

/**
 * UDP takes the address that TCP was bound to. Where it cannot be served: rejects with
 * DM_UDP_UNAVAILABLE or DM_LISTEN_FAILED if it is required, else TCP is served alone.
 */
export function tcpAndUdp(options: TcpAndUdpOptions): Pick<Carrier, 'listen'> {
  return {
    listen: async (address, onConnection, signal) => {
      const gate = gateOf(options.bounds)
      const onTcp = () => tcpCarrier(gate).listen(address, onConnection, signal)
      if (options.udp === 'off') return onTcp()
      const onUdp = (bound: CarrierAddress) =>
        (options.udpCarrier ?? udpCarrier)(familyOf(bound), gate).listen(
          bound,
          onConnection,
          signal,
        )
      for (let triesLeft = address.port === 0 ? portTriesMax : 1; ; triesLeft -= 1) {
        const tcp = await onTcp()
        const udp = await onUdp(tcp.address).catch(toError)
        if (!(udp instanceof Error)) return joined(tcp, udp)
        if (triesLeft === 1 || !isPortTaken(udp)) return withoutUdp(tcp, udp, options, signal)
        await tcp.close()
      }
    },
  }
}

function familyOf({ host }: CarrierAddress): UdpFamily {
  return isIPv6(host) ? 'udp6' : 'udp4'
}

function isPortTaken(error: Error): boolean {
  return error instanceof MachinesError && error.code === 'DM_LISTEN_FAILED'
}

async function withoutUdp(
  tcp: CarrierListener,
  reason: Error,
  { udp, onWarning }: TcpAndUdpOptions,
  signal: AbortSignal | undefined,
): Promise<CarrierListener> {
  if (udp === 'required' || signal?.aborted || !(reason instanceof MachinesError)) {
    await tcp.close()
    throw reason
  }
  debug('serving TCP alone: %s', reason.message)
  // That the optional package is not there is no news to whoever did not install it.
  if (reason.code !== 'DM_UDP_UNAVAILABLE') onWarning(reason)
  return tcp
}

/** They share a gate, so what one of them says of it holds for both. */
function joined(tcp: CarrierListener, udp: CarrierListener): CarrierListener {
  return {
    address: tcp.address,
    get refused() {
      return tcp.refused
    },
    async close() {
      await Promise.all([tcp.close(), udp.close()])
    },
  }
}
