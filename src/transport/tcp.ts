/** TCP as a carrier. Choosing between IPv4 and IPv6 for a host name is left to Node (RFC 8305). */
import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'
import { MachinesError } from '../errors.js'
import { formatAddress, plainHost } from './address.js'
import type { Carrier, CarrierAddress, CarrierListener, RawConnection } from './carrier.js'
import { type ConnectionGate, type ConnectionLimits, gateOf } from './connection-gate.js'
import { networkReason } from './network-failure.js'

/**
 * How long a connection may be idle before the kernel probes it. Links send heartbeats far more
 * often; this only finds peers that vanished during a handshake.
 */
const keepAliveDelayMs = 30_000

/** Both ends: small messages leave at once instead of waiting to be joined (Nagle). */
const socketOptions = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: keepAliveDelayMs,
} as const

function ignore(): void {}

/**
 * The TCP carrier. IPv4, IPv6 (with a zone, `fe80::1%eth0`) and host names; port 0 listens on a
 * free port. Over its `bounds` a listener destroys the connection before reading from it, and
 * counts it; a gate that is given is shared with other listeners.
 */
export function tcpCarrier(bounds: ConnectionLimits | ConnectionGate = {}): Carrier {
  return {
    name: 'tcp',
    dial,
    listen: (address, onConnection, signal) =>
      listen(address, gateOf(bounds), onConnection, signal),
  }
}

async function dial(address: CarrierAddress, signal: AbortSignal): Promise<RawConnection> {
  signal.throwIfAborted()
  const socket = new Socket()
  socket.on('error', ignore)
  try {
    // `connect` takes such options, too, but ignores them on a socket that exists already.
    socket.setNoDelay(socketOptions.noDelay)
    socket.setKeepAlive(socketOptions.keepAlive, socketOptions.keepAliveInitialDelay)
    socket.connect({ ...address, autoSelectFamily: true })
    await once(socket, 'connect', { signal })
    signal.throwIfAborted()
  } catch (thrown) {
    socket.destroy()
    signal.throwIfAborted()
    throw new MachinesError(
      'DM_DIAL_FAILED',
      `cannot connect to ${formatAddress(address)}: ${networkReason(thrown)}`,
      { cause: thrown },
    )
  }
  return { stream: socket, remote: address }
}

async function listen(
  address: CarrierAddress,
  gate: ConnectionGate,
  onConnection: (connection: RawConnection) => void,
  signal: AbortSignal | undefined,
): Promise<CarrierListener> {
  signal?.throwIfAborted()
  const server = createServer(socketOptions, (socket) => admit(socket, gate, onConnection))
  // A failed accept (EMFILE, say) is reported here and must not end the process: the listener stays
  // usable, and the peer will dial again.
  server.on('error', ignore)
  try {
    server.listen(address)
    await once(server, 'listening', signal === undefined ? {} : { signal })
    signal?.throwIfAborted()
  } catch (thrown) {
    server.close()
    signal?.throwIfAborted()
    throw new MachinesError(
      'DM_LISTEN_FAILED',
      `cannot listen on ${formatAddress(address)}: ${networkReason(thrown)}`,
      { cause: thrown },
    )
  }
  return listenerOf(server, gate)
}

function admit(
  socket: Socket,
  gate: ConnectionGate,
  onConnection: (connection: RawConnection) => void,
): void {
  socket.on('error', ignore)
  const { remoteAddress, remotePort } = socket
  // Without an address the peer is gone already.
  if (remoteAddress === undefined || remotePort === undefined) {
    socket.destroy()
    return
  }
  const host = plainHost(remoteAddress)
  if (!gate.enter(host)) {
    socket.destroy()
    return
  }
  socket.once('close', () => gate.leave(host))
  onConnection({ stream: socket, remote: { host, port: remotePort } })
}

function listenerOf(server: Server, gate: ConnectionGate): CarrierListener {
  const bound = server.address()
  if (bound === null || typeof bound === 'string') {
    throw new MachinesError('DM_INTERNAL', 'a TCP server listens without an IP address')
  }
  return {
    address: { host: bound.address, port: bound.port },
    get refused() {
      return gate.refused
    },
    close() {
      // Node's own callback waits for open connections too, but the port is free at once.
      server.close()
      return Promise.resolve()
    },
  }
}
