/**
 * One secured connection as a stream of frames both ways. Frames of one turn are written together,
 * and `isWritable` holds senders back while the stream is full. It knows neither handshake
 * nor session: its user does, first `handshake-driver.ts`, then `live-connection.ts`.
 */
import type { Duplex } from 'node:stream'
import { MachinesError, toError } from '../errors.js'
import { limits } from '../limits.js'
import type { Cancel, System } from '../system/system.js'
import { isWorthWriting } from '../write-batch.js'
import { type Decoded, Decoder } from './codec/decoder.js'
import { Encoder, type ReadyFrame } from './codec/encoder.js'
import type { FrameName } from './codec/frame-types.js'

export interface ConnectionUser {
  /** Any bytes came. */
  heard(): void
  /** A preface or frame came. A MachinesError thrown here comes back through `failed`. */
  receive(item: Decoded): void
  /** What came cannot be read or makes no sense; nothing more will be read. */
  failed(reason: MachinesError): void
  /** There is room again after `isWritable` was false. */
  drained(): void
  /** The connection is gone; last call. */
  closed(reason: MachinesError): void
}

/**
 * Bytes that may wait in the stream. A heartbeat goes behind them, so they are few: a quarter of a
 * second at 1 MiB/s. A fast line needs no more, for the system has buffers of its own behind these.
 */
const writeAheadBytes = 256 * 1024

/**
 * After so many frames, some 64 KiB of small ones, what else came waits for the next turn. What they
 * have caused leaves meanwhile, so that the other side has something to do as well, and timers and
 * other links are not kept waiting by a peer that sends all it can. Fewer would not pay: to pause a
 * stream and to let it flow again costs as much as several frames.
 */
const itemsPerBreath = 256

export class Connection {
  readonly #stream: Duplex
  readonly #system: System
  readonly #decoder = new Decoder()
  readonly #encoder = new Encoder()
  #user: ConnectionUser | undefined
  #discarding = false
  #flushScheduled = false
  #itemsSinceBreath = 0
  #starved = false
  #ending = false
  #cancelLinger: Cancel = () => {}

  constructor(stream: Duplex, system: System) {
    this.#stream = stream
    this.#system = system
  }

  /** Begins to read for its first user, who sees it through the handshake. */
  start(user: ConnectionUser): void {
    this.#user = user
    const stream = this.#stream
    stream.on('data', (chunk: Uint8Array) => this.#onData(chunk))
    stream.on('drain', () => this.#refill())
    stream.on('error', (error) => this.#close(lost('the connection broke', error)))
    stream.on('end', () => {
      // After our own goodbye the stream closes by itself as soon as the last byte is out; and a
      // stream that is destroyed by now has an error to tell, which says more.
      if (!this.#ending && !stream.destroyed)
        this.destroy(lost('the other manager ended the connection'))
    })
    stream.on('close', () => {
      this.#cancelLinger()
      this.#close(lost('the connection was closed'))
    })
  }

  /** The handshake is through: the next user takes over, and messages may come from now on. */
  open(user: ConnectionUser): void {
    this.#decoder.open()
    // The stream may have ended while the user was made.
    if (this.#user === undefined) user.closed(lost('the connection was closed'))
    else this.#user = user
  }

  /** False while enough bytes wait to be written; `drained` is called when there is room again. */
  get isWritable(): boolean {
    if (this.#ending || this.#stream.destroyed) return false
    const hasRoom = this.#encoder.bytes + this.#stream.writableLength < writeAheadBytes
    if (!hasRoom) this.#starved = true
    return hasRoom
  }

  /** True when there is something left to be written. */
  get hasUnsent(): boolean {
    return this.#encoder.bytes + this.#stream.writableLength > 0
  }

  /** Sends one frame with the others of this turn. Ignored once the connection is ending. */
  send(name: FrameName, ...parts: readonly Uint8Array[]): void {
    if (this.#ending) return
    this.#encoder.frame(name, ...parts)
    this.#scheduleFlush()
  }

  /** Sends one frame that lies ready. */
  sendReady(frame: ReadyFrame): void {
    if (this.#ending) return
    this.#encoder.ready(frame)
    this.#scheduleFlush()
  }

  /** Sends a preface or a frame that was made elsewhere. */
  sendItem(item: Decoded): void {
    if (this.#ending) return
    this.#encoder.push(item)
    this.#scheduleFlush()
  }

  /** Sends what is left and ends; with `discard`, nothing that still comes in is looked at. */
  end(options: { readonly discard: boolean }): void {
    if (options.discard) this.#discarding = true
    if (this.#ending || this.#stream.destroyed) return
    this.#flush()
    this.#ending = true
    this.#stream.end()
    // A peer that does not end its side in turn must not keep the socket.
    this.#cancelLinger = this.#system.setTimer(limits.closeTimeoutMs, () => this.#stream.destroy())
  }

  /** Cuts the connection; its user hears the reason. */
  destroy(reason: MachinesError): void {
    this.#stream.destroy()
    this.#close(reason)
  }

  #onData(chunk: Uint8Array): void {
    if (this.#discarding || this.#user === undefined) return
    try {
      this.#user.heard()
      this.#decoder.push(chunk)
      for (let item = this.#decoder.next(); item !== undefined; item = this.#decoder.next()) {
        this.#itemsSinceBreath += 1
        this.#user?.receive(item)
        if (this.#discarding || this.#user === undefined) return
      }
      if (this.#itemsSinceBreath >= itemsPerBreath) this.#breathe()
    } catch (error) {
      if (!(error instanceof MachinesError)) throw error
      this.#discarding = true
      this.#user?.failed(error)
    }
  }

  /** Reads on in the next turn. */
  #breathe(): void {
    this.#itemsSinceBreath = 0
    const stream = this.#stream
    stream.pause()
    setImmediate(() => {
      if (!stream.destroyed) stream.resume()
    })
  }

  #scheduleFlush(): void {
    if (isWorthWriting(this.#encoder.frames, this.#encoder.bytes)) this.#flush()
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    // What one turn of the event loop brings in comes as many calls, one for each record of TLS, with
    // their promises and ticks in between. setImmediate runs after all of them and before the next
    // turn, so that everything they send shares one write.
    setImmediate(() => {
      this.#flushScheduled = false
      this.#flush()
      this.#refill()
    })
  }

  #flush(): void {
    if (this.#ending || this.#stream.destroyed) return
    const chunks = this.#encoder.take()
    this.#stream.cork()
    for (const chunk of chunks) this.#stream.write(chunk)
    this.#stream.uncork()
  }

  #refill(): void {
    if (!this.#starved) return
    this.#starved = false
    if (this.isWritable) this.#user?.drained()
  }

  #close(reason: MachinesError): void {
    const user = this.#user
    this.#user = undefined
    user?.closed(reason)
  }
}

function lost(message: string, thrown?: unknown): MachinesError {
  if (thrown instanceof MachinesError) return thrown
  const details = thrown === undefined ? {} : { cause: toError(thrown) }
  return new MachinesError('DM_LINK_LOST', message, details)
}
