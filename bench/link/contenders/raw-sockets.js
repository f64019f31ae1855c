/** Plain sockets of Node, with and without TLS: what every other contender is built on. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import net from 'node:net'
import tls from 'node:tls'

/** The certificate of this run, made by the bench. */
export async function certificate() {
  const folder = process.env.BENCH_CERTIFICATE ?? ''
  const [cert, key] = await Promise.all(
    ['cert.pem', 'key.pem'].map((name) => readFile(`${folder}/${name}`, 'utf8')),
  )
  return { cert, key }
}

/**
 * @param {boolean} secure
 * @param {(socket: net.Socket) => void} onSocket
 */
export async function listen(secure, onSocket) {
  const greet = (socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => {})
    onSocket(socket)
  }
  const server = secure
    ? tls.createServer({ ...(await certificate()), minVersion: 'TLSv1.3' }, greet)
    : net.createServer(greet)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** @param {boolean} secure @param {number} port */
export async function connect(secure, port) {
  const to = { host: '127.0.0.1', port, noDelay: true }
  const socket = secure
    ? tls.connect({ ...to, rejectUnauthorized: false, minVersion: 'TLSv1.3' })
    : net.connect(to)
  await once(socket, secure ? 'secureConnect' : 'connect')
  socket.setNoDelay(true)
  socket.on('error', () => {})
  return socket
}

/** A port that nobody has, for servers that do not take 0. */
export async function freePort() {
  const server = net.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
