/** discord-cross-hosting 2: a Client asks its Bridge, which answers at once. */
import { streamDrained } from '../../lib/load.js'
import { certificate, freePort } from './raw-sockets.js'

const authToken = 'known to both ends of a bench'

/** Without a type of message the bridge does not look at it. */
const load = async () => {
  const { Client, Bridge, messageType } = await import('discord-cross-hosting')
  return { Client, Bridge, _type: messageType.CUSTOM_REQUEST }
}

export function crossHosting({ secure }) {
  return {
    async serve() {
      const { Bridge } = await load()
      const port = await freePort()
      const options = secure ? await certificate() : {}
      const bridge = new Bridge({
        port,
        authToken,
        totalMachines: 1,
        standAlone: true,
        tls: secure,
        options,
      })
      bridge.on('clientRequest', (message) => message.reply({ body: message.raw.body }))
      await bridge.start()
      return { port }
    },
    async dial(port) {
      const { Client, _type } = await load()
      const options = secure ? { rejectUnauthorized: false } : {}
      const client = new Client({
        agent: 'bench',
        host: 'localhost',
        port,
        authToken,
        tls: secure,
        options,
      })
      client.on('error', () => {})
      await client.connect()
      return {
        request: async (body) => (await client.request({ _type, body })).body,
        send: (body) => void client.send({ _type, body }),
        drained: () => streamDrained(client.connection),
      }
    },
  }
}
