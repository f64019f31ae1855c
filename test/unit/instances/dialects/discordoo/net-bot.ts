/** A bot's end of a socket file, for what node-ipc makes of it. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeIpcSocket } from '../../../../../src/instances/dialects/discordoo/node-ipc-socket.js'
import type { OpenPacketSocket } from '../../../../../src/instances/dialects/discordoo/packet-socket.js'

/** The bot's end, whatever it is made of. */
export interface BotEnd {
  readonly openSocket: OpenPacketSocket
  readonly path: string
  readonly received: string
  listen(): Promise<void>
  write(text: string): void
  /** Ends the connection from the bot's side. */
  drop(): void
  close(): Promise<void>
}

export class NetBot implements BotEnd {
  readonly openSocket: OpenPacketSocket = nodeIpcSocket
  readonly #folder = mkdtempSync(join(tmpdir(), 'dm-'))
  readonly path = join(this.#folder, 's')
  readonly #server: Server = createServer((socket) => this.#accept(socket))
  #socket: Socket | undefined
  received = ''

  async listen(): Promise<void> {
    this.#server.listen(this.path)
    await once(this.#server, 'listening')
  }

  write(text: string): void {
    this.#socket?.write(text)
  }

  drop(): void {
    this.#socket?.destroy()
  }

  async close(): Promise<void> {
    this.#socket?.destroy()
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #accept(socket: Socket): void {
    this.#socket = socket
    socket.on('error', () => {})
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.received += text
    })
  }
}
