/**
 * JSON over TLS over UDP, batched: on our carrier, and on a bare stream of udx-native, which is what
 * the carrier is built on.
 */
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import UDX from 'udx-native'
import { fromDist } from '../../lib/dist.js'
import { batched } from './framing.js'
import { answering, asking } from './json.js'
import { certificate } from './raw-sockets.js'

const host = '127.0.0.1'

/** @param {import('node:stream').Duplex} stream @param {{ cert: string, key: string }} own */
function serveTls(stream, own) {
  const server = tls.createServer({ ...own, minVersion: 'TLSv1.3' }, (secured) => {
    secured.on('error', () => {})
    answering(secured, batched(secured))
  })
  server.emit('connection', stream)
}

/** @param {import('node:stream').Duplex} stream */
async function dialTls(stream) {
  const secured = tls.connect({ socket: stream, rejectUnauthorized: false })
  await new Promise((resolve) => secured.once('secureConnect', resolve))
  return asking(secured, batched(secured))
}

/** Our carrier, with nothing else of ours on top of it. */
export async function ourCarrier() {
  const { udpCarrier } = await fromDist('transport/udp.js')
  const carrier = udpCarrier('udp4')
  return {
    async serve() {
      const own = await certificate()
      const onConnection = ({ stream }) => serveTls(stream, own)
      const { address } = await carrier.listen({ host, port: 0 }, onConnection)
      return { port: address.port }
    },
    async dial(port) {
      const { stream } = await carrier.dial({ host, port }, new AbortController().signal)
      return dialTls(stream)
    },
  }
}

const [clientId, serverId] = [1, 2]

/** A stream of udx as Node knows streams. */
function asDuplex(stream) {
  const duplex = new Duplex({
    read() {},
    write(bytes, _encoding, done) {
      if (stream.write(bytes)) done()
      else stream.once('drain', done)
    },
  })
  stream.on('data', (bytes) => duplex.push(bytes))
  stream.on('error', () => duplex.destroy())
  stream.on('close', () => duplex.destroy())
  return duplex
}

function open() {
  const udx = new UDX()
  const socket = udx.createSocket()
  socket.bind(0, host)
  return { udx, socket }
}

export function bareUdx() {
  return {
    async serve() {
      const { udx, socket } = open()
      const own = await certificate()
      // udx has no handshake: the first datagram only tells this side where the other one is.
      socket.once('message', (_bytes, from) => {
        const stream = udx.createStream(serverId)
        stream.connect(socket, clientId, from.port, from.host)
        serveTls(asDuplex(stream), own)
        socket.trySend(Buffer.from('here'), from.port, from.host)
      })
      return { port: socket.address().port }
    },
    async dial(port) {
      const { udx, socket } = open()
      const greeted = new Promise((resolve) => socket.once('message', resolve))
      socket.trySend(Buffer.from('hello'), port, host)
      await greeted
      const stream = udx.createStream(clientId)
      stream.connect(socket, serverId, port, host)
      return dialTls(asDuplex(stream))
    },
  }
}
