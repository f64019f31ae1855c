/** A way to the fake Discord for libraries that only know `https://discord.com`. */
import { Agent } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

/**
 * An HTTP agent whose connections all lead to a fake Discord, whatever host was asked for, and in
 * plain text even where the library asks for https. For libraries such as Eris, which take an agent
 * (`rest: { agent: agentTo(apiUrl) }`) but no base URL with a scheme and port.
 *
 * `apiUrl` is that of the FakeDiscord; throws a TypeError when it is no URL. Keeps no connection
 * open when idle.
 */
export function agentTo(apiUrl: string): Agent {
  const { hostname, port } = new URL(apiUrl)
  return new PlainAgent(hostname.replace(/^\[|\]$/g, ''), Number(port === '' ? 80 : port))
}

class PlainAgent extends Agent {
  /** Node refuses an agent whose protocol is not that of the request. */
  readonly protocol = 'https:'
  readonly #host: string
  readonly #port: number

  constructor(host: string, port: number) {
    super({ keepAlive: false })
    this.#host = host
    this.#port = port
  }

  override createConnection(): Duplex {
    return connect(this.#port, this.#host)
  }
}
