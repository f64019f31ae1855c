/** TLS over a bare stream of udx-native: what the UDP carrier is built on, with echo on top. */
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import UDX from 'udx-native'
import { streamDrained } from '../../lib/load.js'
import { batched, frame, unframed } from './framing.js'
import { certificate } from './raw-sockets.js'

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
  socket.bind(0, '127.0.0.1')
  return { udx, socket }
}

const bytesOf = (message) => frame(Buffer.from(JSON.stringify(message)))

export function bareUdx() {
  return {
    async serve() {
      const { udx, socket } = open()
      const own = await certificate()
      // udx has no handshake: the first datagram only tells this side where the other one is.
      socket.once('message', (_bytes, from) => {
        const stream = udx.createStream(serverId)
        stream.connect(socket, clientId, from.port, from.host)
        const server = tls.createServer({ ...own, minVersion: 'TLSv1.3' }, (secured) => {
          const write = batched(secured)
          const onFrame = (payload) => {
            const { id, body } = JSON.parse(payload.toString())
            if (id !== undefined) write(bytesOf({ id, body }))
          }
          secured.on('error', () => {})
          secured.on('data', unframed(onFrame))
        })
        server.emit('connection', asDuplex(stream))
        socket.trySend(Buffer.from('here'), from.port, from.host)
      })
      return { port: socket.address().port }
    },
    async dial(port) {
      const { udx, socket } = open()
      const greeted = new Promise((resolve) => socket.once('message', resolve))
      socket.trySend(Buffer.from('hello'), port, '127.0.0.1')
      await greeted
      const stream = udx.createStream(clientId)
      stream.connect(socket, serverId, port, '127.0.0.1')
      const secured = tls.connect({ socket: asDuplex(stream), rejectUnauthorized: false })
      await new Promise((resolve) => secured.once('secureConnect', resolve))
      const write = batched(secured)
      const waiting = new Map()
      let nextId = 0
      const onFrame = (payload) => {
        const { id, body } = JSON.parse(payload.toString())
        waiting.get(id)(body)
        waiting.delete(id)
      }
      secured.on('data', unframed(onFrame))
      return {
        request(body) {
          const id = nextId++
          write(bytesOf({ id, body }))
          return new Promise((resolve) => waiting.set(id, resolve))
        },
        send: (body) => write(bytesOf({ body })),
        drained: () => streamDrained(secured),
      }
    },
  }
}
