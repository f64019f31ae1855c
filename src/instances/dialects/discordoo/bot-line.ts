/**
 * The line to one bot: dials until its socket is there, says HELLO at once, and again on every new
 * connection; sends only to a bot that has answered.
 */
import { limits } from '../../../limits.js'
import type { Cancel, System } from '../../../system/system.js'
import type { WaitingFrame } from './outbox.js'
import { Outbox } from './outbox.js'
import type { OpenPacketSocket, PacketSocket } from './packet-socket.js'
import type { Frame } from './packets.js'

/** A HELLO, and the event id that the answer to it will repeat. */
export interface Hello {
  readonly eventId: string
  readonly frame: Frame
}

export interface BotLineOptions {
  readonly system: System
  readonly path: string
  readonly openSocket: OpenPacketSocket
  readonly makeHello: () => Hello
  readonly onPacket: (packet: unknown) => void
  readonly onTooLong: (eventId: string | undefined) => void
}

/** A try for each of these parts of the time that the bot has taken: never more than 5 % late. */
const triesPerWait = 20

/** How long to wait for the next try after the bot has been out of reach for `elapsedMs`. Pure. */
export function redialDelayMs(elapsedMs: number): number {
  const share = Math.ceil(elapsedMs / triesPerWait)
  return Math.min(limits.botRedialMsMax, Math.max(limits.botRedialMsMin, share))
}

export class BotLine {
  readonly #options: BotLineOptions
  readonly #socket: PacketSocket
  readonly #outbox = new Outbox()
  #state: 'dialing' | 'greeting' | 'identified' | 'closed' = 'dialing'
  #dialingSince: number
  #cancelTimer: Cancel | undefined

  constructor(options: BotLineOptions) {
    this.#options = options
    const { system, path, openSocket } = options
    this.#dialingSince = system.now()
    this.#socket = openSocket(path, {
      open: () => this.#open(),
      closed: () => this.#redial(),
      packet: (packet) => options.onPacket(packet),
      tooLong: (eventId) => options.onTooLong(eventId),
    })
    this.#socket.dial()
  }

  /** The bot has answered a HELLO on the connection that is open now. */
  get isIdentified(): boolean {
    return this.#state === 'identified'
  }

  /** Everything that was handed over has been sent. */
  get isIdle(): boolean {
    return this.#outbox.isEmpty
  }

  /** Sends in turn, also after a reconnect. False when closed, or too much waits already. */
  send(frame: WaitingFrame): boolean {
    if (this.#state === 'closed' || !this.#outbox.push(frame)) return false
    this.#flush()
    return true
  }

  /** Sends past everything that waits; false when there is no bot that has answered. */
  sendAtOnce(frame: Frame): boolean {
    if (this.#state !== 'identified') return false
    this.#socket.send(frame)
    return true
  }

  /** The bot's answer to the HELLO of this event id has come. */
  identified(eventId: string | undefined): void {
    if (this.#state !== 'greeting' && this.#state !== 'identified') return
    this.#outbox.answered(eventId)
    if (this.#state === 'greeting') this.#stopTimer()
    this.#state = 'identified'
    this.#flush()
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#stopTimer()
    this.#socket.close()
  }

  #open(): void {
    if (this.#state === 'closed') return
    this.#state = 'greeting'
    this.#greet()
  }

  /** discordoo's own manager repeats its HELLO as well, until the bot has answered. */
  #greet(): void {
    this.#sayHello()
    this.#setTimer(limits.botHelloEveryMs, () => this.#greet())
  }

  #sayHello(): void {
    const { eventId, frame } = this.#options.makeHello()
    this.#socket.send(frame)
    this.#outbox.probed(eventId)
  }

  #redial(): void {
    if (this.#state === 'closed') return
    const now = this.#options.system.now()
    if (this.#state !== 'dialing') this.#dialingSince = now
    this.#state = 'dialing'
    this.#setTimer(redialDelayMs(now - this.#dialingSince), () => this.#socket.dial())
  }

  #flush(): void {
    if (this.#state !== 'identified') return
    for (let frame = this.#outbox.next(); frame !== undefined; frame = this.#outbox.next()) {
      this.#socket.send(frame)
      if (this.#outbox.isProbeDue) this.#sayHello()
    }
  }

  #setTimer(delayMs: number, action: () => void): void {
    this.#stopTimer()
    this.#cancelTimer = this.#options.system.setTimer(delayMs, action)
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
