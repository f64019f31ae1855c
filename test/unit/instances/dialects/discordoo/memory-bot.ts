/** A bot's end of a socket in memory, and the manager's end of it as a PacketSocket. */
import { FrameReader } from '../../../../../src/instances/dialects/discordoo/frame-reader.js'
import type {
  OpenPacketSocket,
  PacketSocketEvents,
} from '../../../../../src/instances/dialects/discordoo/packet-socket.js'
import { type Packet, readPacket } from '../../../../../src/instances/dialects/discordoo/packets.js'

export class MemoryBot {
  isListening = true
  dials = 0
  isClosed = false
  path = ''
  /** What came, as text and as packets. */
  received = ''
  readonly packets: Packet[] = []
  /** Called with each packet that comes. */
  onPacket: (packet: Packet) => void = () => {}
  #events: PacketSocketEvents | undefined
  #toBot = new FrameReader()
  #toManager = new FrameReader()
  #connection = 0

  readonly open: OpenPacketSocket = (path, events) => {
    this.path = path
    this.#events = events
    return {
      dial: () => this.#later(() => this.#dial()),
      send: ({ text }) => this.#deliver(text),
      close: () => {
        this.isClosed = true
        this.#connection = 0
      },
    }
  }

  get isConnected(): boolean {
    return this.#connection !== 0
  }

  /** Text from the bot to the manager. */
  write(text: string): void {
    for (const event of this.#toManager.read(text)) {
      this.#whileConnected(() => {
        if (event.type === 'packet') this.#events?.packet(event.packet)
        if (event.type === 'tooLong') this.#events?.tooLong(event.eventId)
      })
    }
  }

  /** A packet, or what pretends to be one, from the bot to the manager. */
  say(data: unknown): void {
    this.write(`${JSON.stringify({ type: '__DDOO__.MESSAGE', data })}\f`)
  }

  /** The connection breaks. */
  drop(): void {
    this.#connection = 0
    this.#later(() => this.#events?.closed())
  }

  #dial(): void {
    this.dials += 1
    if (!this.isListening) {
      this.#events?.closed()
      return
    }
    this.#connection = this.dials
    this.#toBot = new FrameReader()
    this.#toManager = new FrameReader()
    this.#events?.open()
  }

  #deliver(text: string): void {
    this.#whileConnected(() => {
      this.received += text
      for (const event of this.#toBot.read(text)) {
        const packet = event.type === 'packet' ? readPacket(event.packet) : undefined
        if (packet === undefined) throw new Error('the manager sent what is no packet')
        this.packets.push(packet)
        this.onPacket(packet)
      }
    })
  }

  #whileConnected(action: () => void): void {
    const connection = this.#connection
    if (connection === 0) return
    this.#later(() => {
      if (this.#connection === connection) action()
    })
  }

  #later(action: () => void): void {
    queueMicrotask(() => {
      if (!this.isClosed) action()
    })
  }
}
