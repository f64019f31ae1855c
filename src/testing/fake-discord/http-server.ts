/** The HTTP server of the fake Discord: getting a port, and turning connections away. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { MachinesError } from '../../errors.js'
import { formatAddress } from '../../transport/address.js'
import type { CarrierAddress } from '../../transport/carrier.js'
import { networkReason } from '../../transport/network-failure.js'

/** Resolves with the port. Rejects with DM_LISTEN_FAILED. */
export async function listen(http: Server, { host, port }: CarrierAddress): Promise<number> {
  try {
    http.listen({ host, port })
    await once(http, 'listening')
  } catch (thrown) {
    const reason = networkReason(thrown)
    const where = formatAddress({ host, port })
    throw new MachinesError('DM_LISTEN_FAILED', `cannot listen on ${where}: ${reason}`, {
      cause: thrown,
    })
  }
  const bound = http.address()
  if (bound === null || typeof bound === 'string') {
    throw new MachinesError('DM_INTERNAL', 'an HTTP server listens without an IP address')
  }
  return bound.port
}

/** Answers a WebSocket that is one too many. */
export function turnAway(socket: Duplex): void {
  // A client that is gone already is no error, and one that does not hang up must not hold the port.
  socket.on('error', () => {})
  socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n', () =>
    socket.destroy(),
  )
}
