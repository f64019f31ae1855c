/**
 * A source, a hub that only forwards, and a sink that says of every message that it came: over links,
 * and over raw TLS streams that the hub joins with `pipe`.
 */
import { batched, frame, unframed } from '../link/contenders/framing.js'
import { dialLink, linkEvents, serveLink } from '../link/contenders/links.js'
import { connect, listen } from '../link/contenders/raw-sockets.js'

const received = Buffer.of(1)

/** Answers come in the order of the questions. */
function inOrder(send) {
  const waiting = []
  return {
    request: (bytes) =>
      new Promise((resolve) => {
        waiting.push(resolve)
        send(bytes)
      }),
    answered: () => waiting.shift()?.(),
  }
}

const links = {
  sink: () => serveLink((link) => linkEvents(() => link.send(received))),
  hub: (port) =>
    serveLink((near) => {
      const far = dialLink(port, (bytes) => near.send(bytes))
      // Messages that come before the far link is up wait for it, in order.
      return linkEvents((bytes) => void far.then((link) => link.send(bytes)))
    }),
  async source(port) {
    const link = await dialLink(port, () => answered())
    const { request, answered } = inOrder((bytes) => link.send(bytes))
    return request
  },
}

const tls = {
  sink: () =>
    listen(true, (socket) => {
      const write = batched(socket)
      socket.on(
        'data',
        unframed(() => write(frame(received))),
      )
    }),
  hub: (port) =>
    listen(true, (near) => {
      near.pause()
      void connect(true, port).then((far) => near.pipe(far).pipe(near))
    }),
  async source(port) {
    const socket = await connect(true, port)
    const { request, answered } = inOrder((bytes) => {
      const head = Buffer.allocUnsafe(4)
      head.writeUInt32BE(bytes.length, 0)
      socket.cork()
      socket.write(head)
      socket.write(bytes)
      socket.uncork()
    })
    socket.on('data', unframed(answered))
    return request
  },
}

/** @type {Record<string, { sink(): Promise<number>, hub(port: number): Promise<number>, source(port: number): Promise<(bytes: Uint8Array) => Promise<void>> }>} */
export const kinds = { links, tls }
