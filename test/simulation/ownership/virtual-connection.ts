/**
 * A secured connection whose handshake is through, without bytes: frames travel as they are. It is
 * what `Connection` is to a link (src/link/connection.ts), so the real endpoint, session, outbox,
 * heartbeat and failure detector run on it: which event of a link comes when is their doing.
 */
import { MachinesError } from '../../../src/errors.js'
import { limits } from '../../../src/limits.js'
import type { ReadyFrame } from '../../../src/link/codec/encoder.js'
import {
  type Frame,
  type FrameName,
  frameHeaderBytes,
} from '../../../src/link/codec/frame-types.js'
import type { Connection, ConnectionUser } from '../../../src/link/connection.js'
import type { Cancel } from '../../../src/system/system.js'
import type { Socket } from './virtual-socket.js'

export class VirtualConnection {
  readonly #socket: Socket
  #user: ConnectionUser | undefined
  #isDiscarding = false
  #isEnding = false
  #cancelLinger: Cancel = () => {}

  /** The handshake is over: from now on the socket carries frames. */
  constructor(socket: Socket) {
    this.#socket = socket
    socket.data = (message) => this.#receive(message as Frame)
    socket.ended = () => {
      if (socket.isClosed) this.#close(lost('the connection was closed'))
      else this.destroy(lost('the other manager ended the connection'))
    }
  }

  open(user: ConnectionUser): void {
    if (this.#socket.isClosed) user.closed(lost('the connection was closed'))
    else this.#user = user
  }

  /** As an endpoint takes it. */
  get asConnection(): Connection {
    return this as unknown as Connection
  }

  get isWritable(): boolean {
    return !this.#isEnding && !this.#socket.isClosed
  }

  get hasUnsent(): boolean {
    return false
  }

  send(name: FrameName, ...parts: readonly Uint8Array[]): void {
    if (!this.isWritable) return
    const frame: Frame = { kind: 'frame', name, payload: new Uint8Array(Buffer.concat(parts)) }
    this.#socket.send(frame)
  }

  sendReady({ board, from, until }: ReadyFrame): void {
    this.send('DATA', board.subarray(from + frameHeaderBytes, until))
  }

  end(options: { readonly discard: boolean }): void {
    if (options.discard) this.#isDiscarding = true
    if (!this.isWritable) return
    this.#isEnding = true
    this.#socket.end()
    if (this.#socket.isClosed) this.#close(lost('the connection was closed'))
    else {
      this.#cancelLinger = this.#socket.process.setTimer(limits.closeTimeoutMs, () =>
        this.destroy(lost('the connection was closed')),
      )
    }
  }

  destroy(reason: MachinesError): void {
    this.#socket.destroy()
    this.#close(reason)
  }

  #receive(frame: Frame): void {
    if (this.#isDiscarding || this.#user === undefined) return
    try {
      this.#user.heard()
      this.#user.receive(frame)
    } catch (error) {
      if (!(error instanceof MachinesError)) throw error
      this.#isDiscarding = true
      this.#user?.failed(error)
    }
  }

  #close(reason: MachinesError): void {
    this.#cancelLinger()
    const user = this.#user
    this.#user = undefined
    user?.closed(reason)
  }
}

function lost(message: string): MachinesError {
  return new MachinesError('DM_LINK_LOST', message)
}
