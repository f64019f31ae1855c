/** Keeps the heartbeat of one connection going, and cuts the connection when the peer falls silent. */
import { MachinesError } from '../errors.js'
import type { Cancel, System } from '../system/system.js'
import {
  decodeHeartbeat,
  decodeHeartbeatAnswer,
  encodeHeartbeat,
  encodeHeartbeatAnswer,
} from './codec/payloads.js'
import type { Connection } from './connection.js'
import { Heartbeat } from './heartbeat.js'
import type { LinkHealth } from './link.js'

export interface PulseOptions {
  readonly system: System
  readonly heartbeatMs: number
  readonly connection: Connection
  /** Called before each beat, for what may as well travel along. */
  beforeBeat(): void
}

export class Pulse {
  readonly #options: PulseOptions
  readonly #heartbeat: Heartbeat
  #cancelTimer: Cancel = () => {}

  constructor(options: PulseOptions) {
    this.#options = options
    this.#heartbeat = new Heartbeat(options.system.now(), options.heartbeatMs)
  }

  /** Sends a beat and all that follow; the first one at once, so that the ping is known early. */
  beat(): void {
    const { system, heartbeatMs, connection } = this.#options
    const { id, verdict } = this.#heartbeat.tick(system.now())
    if (verdict === 'red') {
      const silentMs = Math.round(this.#heartbeat.silentMs(system.now()))
      connection.destroy(
        new MachinesError('DM_LINK_LOST', `nothing was heard from the peer for ${silentMs} ms`),
      )
      return
    }
    this.#options.beforeBeat()
    connection.send('HEARTBEAT', encodeHeartbeat(id))
    this.#cancelTimer = system.setTimer(heartbeatMs, () => this.beat())
  }

  stop(): void {
    this.#cancelTimer()
  }

  heard(): void {
    this.#heartbeat.heard(this.#options.system.now())
  }

  /** Answers the peer's beat with how late our event loop runs. */
  answer(payload: Uint8Array): void {
    const answer = { id: decodeHeartbeat(payload), lagMs: this.#heartbeat.lagMs }
    this.#options.connection.send('HEARTBEAT_ACK', encodeHeartbeatAnswer(answer))
  }

  /** The peer's answer to a beat of ours; undefined when it answers none that is out. */
  answered(payload: Uint8Array): LinkHealth | undefined {
    const { id, lagMs } = decodeHeartbeatAnswer(payload)
    return this.#heartbeat.answered(id, lagMs, this.#options.system.now())
  }
}
