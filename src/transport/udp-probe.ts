/**
 * Finds out at once that nothing listens on a UDP port. The system tells it only to sockets that are
 * connected to that port (ICMP, RFC 1122 4.1.3.3), which those of udx are not.
 */
import { createSocket } from 'node:dgram'
import type { CarrierAddress } from './carrier.js'
import { encodeHello, tokenBytes } from './udp-hello.js'

/** A question like any other, whose answer nobody waits for. */
const question = encodeHello({ type: 'hello', token: new Uint8Array(tokenBytes), near: 0 })

/**
 * Calls `onFailure` with what the system reports, if it does; silence means nothing. Ends with the
 * call of what it returns.
 */
export function probe(
  target: CarrierAddress,
  family: 'udp4' | 'udp6',
  onFailure: (error: Error) => void,
): () => void {
  const socket = createSocket(family)
  socket.on('error', onFailure)
  socket.connect(target.port, target.host, () => socket.send(question))
  return () => socket.close()
}
