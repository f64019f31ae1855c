/**
 * A session on its present connection: gives the connection as many messages as it takes, takes in
 * the peer's frames, confirms, beats. What outlives the connection is in `link-endpoint.ts`.
 */
import { MachinesError } from '../errors.js'
import type { System } from '../system/system.js'
import type { Decoded } from './codec/decoder.js'
import { decodeFarewell, encodeFarewell, farewellError } from './codec/farewell.js'
import { decodeCount, decodeData, encodeCount, encodeDataHeader } from './codec/payloads.js'
import type { Connection, ConnectionUser } from './connection.js'
import type { HeartbeatTiming } from './heartbeat.js'
import type { LinkHealth } from './link.js'
import { Pulse } from './pulse.js'
import type { Session } from './session.js'

export interface LiveOptions {
  readonly system: System
  readonly timing: HeartbeatTiming
  readonly connection: Connection
  readonly session: Session
  message(bytes: Uint8Array): void
  health(health: LinkHealth): void
  /** The peer has confirmed something, so there may be room for more. */
  confirmed(): void
  /** The peer said goodbye; its last confirmation has been taken in. */
  farewell(said: MachinesError): void
  /** The peer broke the rules of the session, which cannot go on; `closed` follows. */
  violated(reason: MachinesError): void
  closed(reason: MachinesError): void
}

export class LiveConnection implements ConnectionUser {
  readonly #options: LiveOptions
  readonly #connection: Connection
  readonly #session: Session
  readonly #pulse: Pulse
  /** Our own last words, once we want to part. */
  #goodbye: MachinesError | undefined

  constructor(options: LiveOptions) {
    const { system, timing, connection } = options
    this.#options = options
    this.#connection = connection
    this.#session = options.session
    this.#pulse = new Pulse({
      system,
      timing,
      connection,
      beforeBeat: () => this.#acknowledge(),
      health: (health) => options.health(health),
    })
  }

  start(): void {
    this.#pulse.start()
    this.pump()
  }

  /**
   * Gives the connection as many parts as it takes; the goodbye, if there is one, comes after all.
   * What is sent at other times, heartbeats and confirmations, finds its place between two parts.
   */
  pump(): void {
    while (this.#connection.isWritable) {
      const part = this.#session.outbox.next()
      if (part === undefined) {
        if (this.#goodbye !== undefined) this.#sayGoodbye(this.#goodbye)
        return
      }
      if (part.frame !== undefined) this.#connection.sendReady(part.frame)
      else this.#connection.send('DATA', encodeDataHeader(part), part.bytes)
    }
  }

  /** Ends the connection when all that was sent before is out; nothing is taken in any more. */
  part(goodbye: MachinesError): void {
    this.#goodbye = goodbye
    this.pump()
  }

  destroy(reason: MachinesError): void {
    this.#connection.destroy(reason)
  }

  heard(): void {
    this.#pulse.heard()
  }

  drained(): void {
    this.pump()
  }

  closed(reason: MachinesError): void {
    this.#pulse.stop()
    this.#options.closed(reason)
  }

  /** What came makes no sense: only a new connection can help. */
  failed(reason: MachinesError): void {
    this.#connection.destroy(reason)
  }

  receive(item: Decoded): void {
    if (item.kind === 'preface') return
    const { payload } = item
    switch (item.name) {
      case 'DATA':
        this.#onData(payload)
        break
      case 'ACK':
        this.#bySessionRules(() => this.#session.outbox.confirm(decodeCount(payload)))
        this.#options.confirmed()
        break
      case 'HEARTBEAT':
        this.#pulse.answer(payload)
        break
      case 'HEARTBEAT_ACK':
        this.#pulse.answered(payload)
        break
      case 'CLOSE':
        this.#onClose(payload)
        break
      default:
        throw new MachinesError('DM_FRAME_INVALID', 'a frame came that has no place here')
    }
  }

  #onData(payload: Uint8Array): void {
    // After our goodbye nothing is taken in, nor confirmed: the peer counts it among what it lost.
    if (this.#goodbye !== undefined) return
    const { inbox } = this.#session
    const message = this.#bySessionRules(() => inbox.accept(decodeData(payload)))
    if (message !== undefined) this.#options.message(message)
    if (inbox.ackDue) this.#acknowledge()
  }

  #onClose(payload: Uint8Array): void {
    this.#acknowledge()
    this.#pulse.stop()
    this.#connection.end({ discard: true })
    const said = farewellError('the other manager closed the link', decodeFarewell(payload))
    this.#options.farewell(said)
  }

  #sayGoodbye({ code, message }: MachinesError): void {
    this.#acknowledge()
    this.#connection.send('CLOSE', encodeFarewell(code, message))
    // What still comes in is read: the peer's last confirmation tells what has arrived.
    this.#connection.end({ discard: false })
  }

  #acknowledge(): void {
    const count = this.#session.inbox.takeAck()
    if (count !== undefined) this.#connection.send('ACK', encodeCount(count))
  }

  #bySessionRules<Result>(step: () => Result): Result {
    try {
      return step()
    } catch (error) {
      if (error instanceof MachinesError) this.#options.violated(error)
      throw error
    }
  }
}
