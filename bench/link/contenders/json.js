/**
 * What a careful author writes without a library: JSON in frames over TLS, and a map from the id of
 * a request to its promise. With `staged`, what one turn produces leaves in one write.
 */
import { streamDrained } from '../../lib/load.js'
import { batched, frame, unframed } from './framing.js'
import { connect, listen } from './raw-sockets.js'

const bytesOf = (message) => frame(Buffer.from(JSON.stringify(message)))

/** The answering end over any stream: what has an id comes back. */
export function answering(stream, write) {
  const onFrame = (payload) => {
    const { id, body } = JSON.parse(payload.toString())
    if (id !== undefined) write(bytesOf({ id, body }))
  }
  stream.on('data', unframed(onFrame))
}

/** The asking end over any stream. */
export function asking(stream, write) {
  const waiting = new Map()
  let nextId = 0
  const onFrame = (payload) => {
    const { id, body } = JSON.parse(payload.toString())
    const resolve = waiting.get(id)
    waiting.delete(id)
    resolve(body)
  }
  stream.on('data', unframed(onFrame))
  return {
    request(body) {
      const id = nextId++
      write(bytesOf({ id, body }))
      return new Promise((resolve) => waiting.set(id, resolve))
    },
    send: (body) => write(bytesOf({ body })),
    drained: () => streamDrained(stream),
  }
}

export function json({ secure, staged }) {
  const writer = (socket) => (staged ? batched(socket) : (bytes) => socket.write(bytes))
  return {
    async serve() {
      const port = await listen(secure, (socket) => answering(socket, writer(socket)))
      return { port }
    },
    async dial(port) {
      const socket = await connect(secure, port)
      return asking(socket, writer(socket))
    },
  }
}
