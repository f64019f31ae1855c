/** A gateway client that does only what it is told to, over a real WebSocket. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { FakeDiscord } from '../../../../src/testing/fake-discord/fake-discord.js'
import type { ServerPayload } from '../../../../src/testing/fake-discord/protocol.js'

export class RawClient {
  readonly socket: WebSocket
  /** The code that the connection ended with. */
  readonly closed: Promise<number>
  readonly #payloads: ServerPayload[] = []

  constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.once('close', resolve))
    // A connection that was refused reports an error and then its end; the end is enough.
    socket.on('error', () => {})
    socket.binaryType = 'nodebuffer'
    socket.on('message', (data: Buffer) => this.#payloads.push(JSON.parse(data.toString())))
  }

  static async connect(discord: FakeDiscord, query = '?v=10&encoding=json'): Promise<RawClient> {
    const client = new RawClient(new WebSocket(`${discord.gatewayUrl}/${query}`))
    await once(client.socket, 'open')
    return client
  }

  /** HELLO and READY are behind it. */
  static async identified(
    discord: FakeDiscord,
    shard: readonly [number, number],
    intents: number,
  ): Promise<RawClient> {
    const client = await RawClient.connect(discord)
    await client.next()
    client.identify(shard, intents)
    const ready = await client.next()
    if (ready.t !== 'READY') throw new Error(`got ${JSON.stringify(ready)} instead of READY`)
    return client
  }

  async next(): Promise<ServerPayload> {
    while (this.#payloads.length === 0) await once(this.socket, 'message')
    const payload = this.#payloads.shift()
    if (payload === undefined) throw new Error('the list of payloads was not empty')
    return payload
  }

  send(payload: object): void {
    this.socket.send(JSON.stringify(payload))
  }

  identify(shard: readonly [number, number], intents = 1): void {
    const properties = { os: 'linux', browser: 'test', device: 'test' }
    this.send({ op: 2, d: { token: 't', intents, properties, shard } })
  }
}
