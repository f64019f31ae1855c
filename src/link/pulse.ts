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
import { Heartbeat, type HeartbeatTiming } from './heartbeat.js'
import type { LinkHealth } from './link.js'

export interface PulseOptions {
  readonly system: System
  readonly timing: HeartbeatTiming
  readonly connection: Connection
  /** Called before each beat, for what may as well travel along. */
  beforeBeat(): void
  /** A heartbeat came back, or the verdict on the peer has changed. */
  health(health: LinkHealth): void
}

export class Pulse {
  readonly #options: PulseOptions
  readonly #heartbeat: Heartbeat
  #cancelTimer: Cancel = () => {}

  constructor(options: PulseOptions) {
    this.#options = options
    this.#heartbeat = new Heartbeat(options.system.now(), options.timing)
  }

  /** Sends the first beat at once, so that the ping is known early, and all that follow. */
  start(): void {
    this.#tick()
  }

  stop(): void {
    this.#cancelTimer()
  }

  heard(): void {
    this.#heartbeat.heard(this.#options.system.now())
  }

  /** Answers the peer's beat with how late our event loop runs. */
  answer(payload: Uint8Array): void {
    const lagMs = this.#heartbeat.lagMs(this.#options.system.now())
    const answer = encodeHeartbeatAnswer({ id: decodeHeartbeat(payload), lagMs })
    this.#options.connection.send('HEARTBEAT_ACK', answer)
  }

  /** The peer's answer to a beat of ours; one that answers none that is out is ignored. */
  answered(payload: Uint8Array): void {
    const { id, lagMs } = decodeHeartbeatAnswer(payload)
    const isOut = this.#heartbeat.answered(id, lagMs, this.#options.system.now())
    if (isOut) this.#options.health(this.#heartbeat.health)
  }

  #tick(): void {
    const { system, connection } = this.#options
    const before = this.#heartbeat.health.verdict
    const { beat, verdict } = this.#heartbeat.tick(system.now())
    if (verdict === 'red') {
      const silentMs = Math.round(this.#heartbeat.silentMs(system.now()))
      connection.destroy(
        new MachinesError('DM_LINK_LOST', `nothing was heard from the peer for ${silentMs} ms`),
      )
      return
    }
    if (beat !== undefined) {
      this.#options.beforeBeat()
      connection.send('HEARTBEAT', encodeHeartbeat(beat))
    }
    this.#cancelTimer = system.setTimer(this.#heartbeat.tickMs, () => this.#tick())
    if (verdict !== before) this.#options.health(this.#heartbeat.health)
  }
}
