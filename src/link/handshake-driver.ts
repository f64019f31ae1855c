/** Runs one side of the handshake over a connection: the thin shell around the pure twins. */
import type { MachinesError } from '../errors.js'
import type { Decoded } from './codec/decoder.js'
import type { Connection, ConnectionUser } from './connection.js'
import type { Handshake, HandshakeStep } from './handshake/handshake.js'

export interface DriverOptions<Result> {
  readonly connection: Connection
  readonly handshake: Handshake<Result>
  /** The handshake is through; the returned user takes over. May throw, which is a failure. */
  established(result: Result): ConnectionUser
  /** The handshake failed; exactly one of the two ends well. */
  failed(reason: MachinesError): void
}

export class HandshakeDriver<Result> implements ConnectionUser {
  readonly #options: DriverOptions<Result>
  #isOver = false

  constructor(options: DriverOptions<Result>) {
    this.#options = options
  }

  begin(): void {
    this.#options.connection.start(this)
    this.#advance(this.#options.handshake.begin())
  }

  heard(): void {
    // Before it is authenticated, bytes are no sign of a living peer; the deadline counts alone.
  }

  drained(): void {
    // Nobody waits for room during the handshake: it sends less than any stream takes at once.
  }

  receive(item: Decoded): void {
    if (!this.#isOver) this.#advance(this.#options.handshake.receive(item))
  }

  /** Refuses the peer: tells it a code where it is to know one, and ends the connection. */
  failed(reason: MachinesError): void {
    const { connection, handshake } = this.#options
    const farewell = handshake.farewell(reason)
    if (farewell !== undefined) connection.sendItem(farewell)
    if (connection.hasUnsent) connection.end({ discard: true })
    else connection.destroy(reason)
    this.closed(reason)
  }

  closed(reason: MachinesError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#options.failed(reason)
  }

  #advance(step: HandshakeStep<Result>): void {
    const { connection } = this.#options
    for (const item of step.send) connection.sendItem(item)
    if (step.failed !== undefined) this.failed(step.failed)
    if (step.done === undefined) return
    const user = this.#options.established(step.done)
    this.#isOver = true
    connection.open(user)
  }
}
