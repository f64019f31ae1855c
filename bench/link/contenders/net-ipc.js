/** net-ipc 2: the transport under discord-cross-hosting, by itself. */
import { streamDrained } from '../../lib/load.js'
import { certificate, freePort } from './raw-sockets.js'

export function netIpc({ secure }) {
  return {
    async serve() {
      const { Server } = await import('net-ipc')
      const port = await freePort()
      const server = new Server({ port, tls: secure, options: secure ? await certificate() : {} })
      server.on('request', (body, reply) => void reply(body))
      await server.start()
      return { port }
    },
    async dial(port) {
      const { Client } = await import('net-ipc')
      const options = secure ? { rejectUnauthorized: false } : {}
      const client = new Client({ host: 'localhost', port, tls: secure, options })
      client.on('error', () => {})
      await client.connect()
      return {
        request: (value) => client.request(value),
        send: (value) => void client.send(value),
        drained: () => streamDrained(client.connection),
      }
    },
  }
}
