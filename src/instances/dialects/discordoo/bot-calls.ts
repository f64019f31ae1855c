/** Asks the bot: a packet with an event id of its own goes out, the packet that repeats it comes back. */
import { MachinesError } from '../../../errors.js'
import { Ticker } from '../../../routing/ticker.js'
import type { System } from '../../../system/system.js'
import type { BotLine } from './bot-line.js'
import type { Packet } from './packets.js'
import { encodeFrame } from './packets.js'
import { PendingPackets } from './pending-packets.js'

export interface BotCallsOptions {
  readonly system: System
  readonly line: Pick<BotLine, 'send'>
  readonly nextId: () => string
}

export interface AskOptions {
  /** Ms from now, the time in the queue included. */
  readonly timeoutMs: number
  /** Default false; see `encodeFrame`. */
  readonly bigInts?: boolean
}

export class BotCalls {
  readonly #options: BotCallsOptions
  readonly #pending = new PendingPackets()
  readonly #ticker: Ticker
  #closed: MachinesError | undefined

  constructor(options: BotCallsOptions) {
    this.#options = options
    this.#ticker = new Ticker(options.system, (now) => this.#pending.expire(now))
  }

  /** Requests that wait for an answer. */
  get pending(): number {
    return this.#pending.size
  }

  /**
   * The bot's answer, be it op ERROR or another.
   *
   * Rejects with DM_TIMEOUT, with DM_OFFLINE when the bot is gone, with DM_PENDING_LIMIT when it
   * owes too many answers or does not read, and with what `encodeFrame` throws.
   */
  async ask(makePacket: (eventId: string) => Packet, options: AskOptions): Promise<Packet> {
    if (this.#closed !== undefined) throw this.#closed
    const { system, line, nextId } = this.#options
    const eventId = nextId()
    const frame = encodeFrame(makePacket(eventId), options.bigInts)
    const answer = this.#pending.wait(eventId, system.now() + options.timeoutMs)
    this.#ticker.wake()
    if (!line.send({ ...frame, isStale: () => !this.#pending.has(eventId) })) {
      const message = 'the bot does not read what it is sent'
      this.#pending.fail(eventId, new MachinesError('DM_PENDING_LIMIT', message))
    }
    return answer
  }

  /** Takes a packet of the bot; false when it is no answer that is waited for. */
  settle(packet: Packet): boolean {
    return this.#pending.answer(packet)
  }

  /** An answer came and could not be taken. */
  fail(eventId: string | undefined, error: MachinesError): void {
    this.#pending.fail(eventId, error)
  }

  close(): void {
    this.#closed ??= new MachinesError('DM_OFFLINE', 'the bot is gone')
    this.#pending.failAll(this.#closed)
    this.#ticker.stop()
  }
}
