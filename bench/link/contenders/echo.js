/**
 * Bytes come back as they are, in their order: the floor that no protocol gets under. `staged`: what
 * one turn of the event loop produces is written at once.
 */
import { streamDrained } from '../../lib/load.js'
import { batched, frame, unframed } from './framing.js'
import { connect, listen } from './raw-sockets.js'

export function echo({ secure, staged }) {
  const writer = (socket) => (staged ? batched(socket) : (bytes) => socket.write(bytes))
  return {
    async serve() {
      const port = await listen(secure, (socket) => {
        const write = writer(socket)
        socket.on(
          'data',
          unframed((payload) => answers(payload) && write(frame(payload))),
        )
      })
      return { port }
    },
    async dial(port) {
      const socket = await connect(secure, port)
      const write = writer(socket)
      return overBytes(socket, write)
    },
  }
}

/** A first byte of 0 says that no answer is wanted. */
function answers(payload) {
  return payload[0] !== 0
}

/** The asking side over any stream that keeps the order; values are turned to bytes beforehand. */
export function overBytes(stream, write) {
  const waiting = []
  let first = 0
  stream.on(
    'data',
    unframed((payload) => {
      waiting[first](payload)
      waiting[first] = undefined
      first += 1
      if (first === waiting.length) first = waiting.length = 0
    }),
  )
  const prepared = new WeakMap()
  const bytesOf = (value, wantsAnswer) => {
    const known = prepared.get(value) ?? {}
    const flag = wantsAnswer ? 1 : 0
    known[flag] ??= frame(Buffer.concat([Buffer.of(flag), Buffer.from(JSON.stringify(value))]))
    prepared.set(value, known)
    return known[flag]
  }
  return {
    async request(value) {
      const answer = new Promise((resolve) => waiting.push(resolve))
      write(bytesOf(value, true))
      const bytes = await answer
      return { bytes, decoded: () => JSON.parse(bytes.subarray(1).toString()) }
    },
    send: (value) => write(bytesOf(value, false)),
    drained: () => streamDrained(stream),
  }
}
