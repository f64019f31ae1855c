/**
 * TLS 1.3 around the stream of any carrier. Node is told not to judge certificates; that is done
 * here, against `trustedConnections`, by the rules of `certificate-policy.ts`.
 *
 * In TLS 1.3 a client is through before the server has seen its certificate. A server that refuses
 * it therefore closes a connection that the client holds for good; the client's stream then fails
 * with DM_TLS_FAILED instead of merely ending, so that the reason does not get lost.
 */

import { isIP } from 'node:net'
import {
  type ConnectionOptions,
  connect,
  createServer,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls'
import { MachinesError } from '../errors.js'
import { formatAddress } from './address.js'
import type { RawConnection } from './carrier.js'
import { certificatePolicy, mayGoOn, type TlsSide } from './certificate-policy.js'
import { judgePeer } from './peer-certificate.js'
import type { SecuredConnection } from './secured-connection.js'
import { shakeHands, survive, tlsFailed, untilFirstByte } from './tls-handshake.js'
import type { TlsMaterial } from './tls-material.js'

/** The name of our protocol in ALPN (RFC 7301): a web server on this port is found out at once. */
const alpnProtocol = 'discordoo-machines/1'

/** Label and length of the channel binding; the label is in the form that RFC 5705, 4 asks for. */
const bindingLabel = 'EXPORTER-discordoo-machines'
const bindingBytes = 32

/** The connection as it is, for `tls: false`. */
export function plain(connection: RawConnection): Promise<SecuredConnection> {
  survive(connection.stream)
  return Promise.resolve({
    stream: connection.stream,
    remote: connection.remote,
    encrypted: false,
    channelBinding: new Uint8Array(),
    certificate: 'none',
  })
}

/**
 * Speaks TLS as the side that dialled. `host` is what was dialled, as the user wrote it.
 *
 * Rejects with DM_TLS_FAILED, with DM_CERTIFICATE_REFUSED, or with the signal's reason when it
 * aborts; the connection is destroyed then.
 */
export async function secureClient(
  connection: RawConnection,
  material: TlsMaterial,
  host: string,
  signal: AbortSignal,
): Promise<SecuredConnection> {
  const socket = await shakeHands(connection, signal, (done, failed) => {
    const client = connect({
      ...contextOptions(material),
      socket: connection.stream,
      ALPNProtocols: [alpnProtocol],
      rejectUnauthorized: false,
      // The host is checked in judgePeer, because pinned certificates may bear any.
      checkServerIdentity: () => undefined,
      // Addresses must not be sent as a server name (RFC 6066, 3).
      servername: isIP(host) === 0 ? host : '',
    } satisfies ConnectionOptions)
    client.on('error', failed)
    client.once('close', () => failed(new Error('the connection was closed')))
    client.once('secureConnect', () => done(client))
  })
  socket.once('end', () => {
    if (!socket.readableDidRead) socket.destroy(closedBeforeTheFirstByte(connection))
  })
  return inspect('client', connection, socket, material, host)
}

/**
 * Speaks TLS as the side that listens; errors as with {@link secureClient}. `material.own` is
 * needed.
 */
export async function secureServer(
  connection: RawConnection,
  material: TlsMaterial,
  signal: AbortSignal,
): Promise<SecuredConnection> {
  if (material.own === undefined) {
    throw new MachinesError('DM_INTERNAL', 'a TLS server needs a certificate')
  }
  survive(connection.stream)
  if (!(await untilFirstByte(connection, signal))) {
    connection.stream.destroy()
    throw tlsFailed(connection, 'the connection was closed before it said anything')
  }
  const { asks } = certificatePolicy('server', material.options)
  const socket = await shakeHands(connection, signal, (done, failed) => {
    // A server that never listens: handing it one connection is the documented way to speak TLS as
    // a server over a stream that is not a socket. Own contexts also mean own session tickets, so
    // no connection can be resumed with what another one proved.
    const server = createServer({
      ...contextOptions(material),
      ALPNProtocols: [alpnProtocol],
      requestCert: asks,
      rejectUnauthorized: false,
    })
    server.once('tlsClientError', failed)
    server.once('secureConnection', done)
    server.emit('connection', connection.stream)
  })
  return inspect('server', connection, socket, material, undefined)
}

function contextOptions(material: TlsMaterial): SecureContextOptions {
  return {
    ...material.own,
    // An empty list counts as given: without it Node would trust the authorities of the web.
    ca: [...material.authorities],
    // An authority between root and certificate may stand in trustedConnections without its root.
    allowPartialTrustChain: true,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  }
}

/** The part after the handshake that both sides share: whom did we reach, and may that go on? */
function inspect(
  side: TlsSide,
  connection: RawConnection,
  socket: TLSSocket,
  material: TlsMaterial,
  host: string | undefined,
): SecuredConnection {
  if (socket.destroyed) throw tlsFailed(connection, 'the connection was closed')
  if (socket.alpnProtocol !== alpnProtocol) {
    socket.destroy()
    throw tlsFailed(connection, 'the other side is not a discordoo-machines manager')
  }
  const { verdict, reason } = judgePeer(socket, material, host)
  if (!mayGoOn(certificatePolicy(side, material.options), verdict)) {
    // What is on its way, an alert of TLS at most, still leaves; nothing more is read.
    socket.destroySoon()
    const who = formatAddress(connection.remote)
    throw new MachinesError('DM_CERTIFICATE_REFUSED', `${who} was refused: ${reason}`, {
      given: verdict,
    })
  }
  return {
    stream: socket,
    remote: connection.remote,
    encrypted: true,
    channelBinding: socket.exportKeyingMaterial(bindingBytes, bindingLabel, Buffer.alloc(0)),
    certificate: verdict,
  }
}

function closedBeforeTheFirstByte(connection: RawConnection): MachinesError {
  return tlsFailed(
    connection,
    'the other side closed the connection before its first byte; it may not trust the ' +
      'certificate of this side (its tls.trustedConnections), or it is stopping',
  )
}
