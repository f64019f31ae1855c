/** One WebSocket: bytes to the state machine, and its actions to the socket. */
import type { RawData, WebSocket } from 'ws'
import type { Cancel, System } from '../../system/system.js'
import { fakeDiscordBounds } from './bounds.js'
import type { GatewayAction, GatewayConnection } from './gateway-connection.js'
import type { GatewaySession } from './gateway-session.js'
import { closeCodes, type ServerPayload } from './protocol.js'
import { ZlibStream } from './zlib-stream.js'

/** What a socket has of the gateway around it. */
export interface GatewayHost {
  readonly system: System
  /** Ms since the start. */
  now(): number
  /** Closes the connection that a resumed session had before. */
  displace(connection: number): void
  /** Sends a new session its guilds. */
  sendGuilds(session: GatewaySession): void
  /** Something was counted. */
  changed(): void
  gone(socket: GatewaySocket): void
}

export class GatewaySocket {
  readonly #socket: WebSocket
  readonly #connection: GatewayConnection
  readonly #host: GatewayHost
  readonly #compressor: ZlibStream | undefined
  #cancelCheck: Cancel = () => {}

  constructor(
    socket: WebSocket,
    connection: GatewayConnection,
    host: GatewayHost,
    isCompressed: boolean,
  ) {
    this.#socket = socket
    this.#connection = connection
    this.#host = host
    this.#compressor = isCompressed ? new ZlibStream() : undefined
  }

  get id(): number {
    return this.#connection.id
  }

  /** Begins with HELLO. */
  open(): void {
    const socket = this.#socket
    socket.on('message', (data) => this.#receive(data))
    socket.on('error', (error) => this.#failed(error))
    socket.once('close', (code) => this.#closed(code))
    this.perform(this.#connection.open())
    this.#watchHeartbeats()
  }

  /** Lets the state machine decide, and does what it says. */
  act(decide: (connection: GatewayConnection, now: number) => GatewayAction[]): void {
    this.perform(decide(this.#connection, this.#host.now()))
    this.#host.changed()
  }

  perform(actions: readonly GatewayAction[]): void {
    for (const action of actions) {
      switch (action.kind) {
        case 'send':
          this.#send(action.payload)
          break
        case 'close':
          this.#close(action.code, action.reason)
          break
        case 'displace':
          this.#host.displace(action.connection)
          break
        case 'guilds':
          this.#host.sendGuilds(action.session)
          break
      }
    }
  }

  /** Cuts the connection without a word, when all is over. */
  destroy(): void {
    this.#socket.terminate()
  }

  #receive(data: RawData): void {
    const bytes = bytesOf(data)
    this.act((connection, now) => connection.receive(bytes.toString('utf8'), bytes.length, now))
  }

  #send(payload: ServerPayload): void {
    const socket = this.#socket
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > fakeDiscordBounds.backlogBytesMax) {
      const detail = `${socket.bufferedAmount} bytes wait for the client`
      this.act((connection, now) =>
        connection.refuse({ reason: 'client-not-reading', detail }, now),
      )
      return
    }
    const text = JSON.stringify(payload)
    socket.send(this.#compressor === undefined ? text : this.#compressor.compress(text))
  }

  #close(code: number, reason: string): void {
    // 1006 stands for an end without a close frame and must not be sent (RFC 6455, 7.4.1).
    if (code === closeCodes.abnormal) this.#socket.terminate()
    else this.#socket.close(code, reason)
  }

  /** The library closes the socket by itself after this. */
  #failed(error: Error): void {
    const isTooLarge = 'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
    if (!isTooLarge) return
    const detail = `more than ${fakeDiscordBounds.frameBytesMax} bytes`
    this.act((connection, now) => connection.refuse({ reason: 'payload-too-large', detail }, now))
  }

  #closed(code: number): void {
    this.#cancelCheck()
    this.#connection.closed(code, this.#host.now())
    this.#host.gone(this)
    this.#host.changed()
  }

  #watchHeartbeats(): void {
    const { system } = this.#host
    const waitMs = Math.max(0, this.#connection.silentUntil - this.#host.now())
    this.#cancelCheck = system.setTimer(Math.ceil(waitMs), () => {
      this.act((connection, now) => connection.checkHeartbeat(now))
      if (this.#socket.readyState === this.#socket.OPEN) this.#watchHeartbeats()
    })
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
