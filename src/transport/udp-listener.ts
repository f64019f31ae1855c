/** The listener's half of the UDP carrier: one socket, and the streams that came in over it. */
import { managerDebug } from '../system/manager-debug.js'
import type { System } from '../system/system.js'
import { plainHost } from './address.js'
import type { CarrierAddress, CarrierListener, RawConnection } from './carrier.js'
import type { ConnectionGate } from './connection-gate.js'
import { Doorman } from './udp-doorman.js'
import { encodeHello, type Hello, newStreamId, type Refusal } from './udp-hello.js'
import { UdpStream } from './udp-stream.js'
import type { Udx, UdxSocket } from './udx.js'

export interface UdpListenerOptions {
  readonly udx: Udx
  /** An address, not a name. */
  readonly address: CarrierAddress
  readonly gate: ConnectionGate
  readonly system: System
  readonly onConnection: (connection: RawConnection) => void
}

const cookieKeyBytes = 32

const debug = managerDebug('discordoo:machines:udp')

export class UdpListener implements CarrierListener {
  readonly address: CarrierAddress
  readonly #options: UdpListenerOptions
  readonly #socket: UdxSocket
  readonly #doorman: Doorman
  /** Stream ids of this side, by who asked and for what: a question that comes twice gets one. */
  readonly #ids = new Map<string, number>()
  #isClosed = false
  #freed: () => void = () => {}
  readonly #free: Promise<void> = new Promise((resolve) => {
    this.#freed = resolve
  })

  /** Throws what the system reports when the address cannot be bound. */
  constructor(options: UdpListenerOptions) {
    const { udx, address, system } = options
    this.#options = options
    this.#doorman = new Doorman(system.randomBytes(cookieKeyBytes))
    this.#socket = udx.createSocket()
    this.#socket.on('message', (datagram: Uint8Array, from: CarrierAddress) => {
      this.#onMessage(datagram, from)
    })
    try {
      this.#socket.bind(address.port, address.host)
    } catch (thrown) {
      void this.#socket.close()
      throw thrown
    }
    this.address = { host: address.host, port: this.#socket.address()?.port ?? address.port }
  }

  get refused(): ConnectionGate['refused'] {
    return this.#options.gate.refused
  }

  close(): Promise<void> {
    this.#isClosed = true
    // The socket goes last: one that is closing cannot tell a dialer so.
    if (this.#ids.size === 0) void this.#socket.close().then(() => this.#freed())
    return this.#free
  }

  #onMessage(datagram: Uint8Array, { host, port }: CarrierAddress): void {
    const from = { host: withZoneOf(this.address.host, host), port }
    try {
      const answer = this.#doorman.answer(datagram, from, this.#options.system.now())
      if (answer === undefined) return
      const reply = answer.kind === 'reply' ? answer.datagram : this.#admit(answer.hello, from)
      this.#socket.trySend(reply, port, from.host)
    } catch (error) {
      // Nothing that strangers send may end the process.
      debug('%s:%d could not be answered: %O', host, port, error)
    }
  }

  #admit(hello: Hello, from: CarrierAddress): Uint8Array {
    const { type: _, refusal: __, cookie: ___, ...question } = hello
    const refuse = (refusal: Refusal) => encodeHello({ ...question, type: 'refuse', refusal })
    const key = `${from.host} ${from.port} ${hello.near} ${Buffer.from(hello.token).toString('hex')}`
    const known = this.#ids.get(key)
    if (known !== undefined) return encodeHello({ ...question, type: 'accept', far: known })
    if (this.#isClosed) return refuse('closing')
    const { gate } = this.#options
    const host = plainHost(from.host)
    if (!gate.enter(host)) return refuse('full')
    try {
      const { id, stream } = this.#open(hello.near, from)
      this.#ids.set(key, id)
      stream.once('close', () => {
        gate.leave(host)
        this.#ids.delete(key)
        if (this.#isClosed) void this.close()
      })
      return encodeHello({ ...question, type: 'accept', far: id })
    } catch (error) {
      gate.leave(host)
      throw error
    }
  }

  #open(near: number, from: CarrierAddress): { readonly id: number; readonly stream: UdpStream } {
    const { udx, system, onConnection } = this.#options
    const id = this.#freeId()
    const udxStream = udx.createStream(id)
    udxStream.connect(this.#socket, near, from.port, from.host)
    const stream = new UdpStream(udxStream, system)
    stream.on('error', () => {})
    const remote = { host: plainHost(from.host), port: from.port }
    // In a turn of its own: here native code is on the stack, where nothing may be thrown.
    process.nextTick(() => onConnection({ stream, remote }))
    return { id, stream }
  }

  #freeId(): number {
    const taken = new Set(this.#ids.values())
    for (;;) {
      const id = newStreamId(this.#options.system)
      if (!taken.has(id)) return id
    }
  }
}

/**
 * The system drops the zone of a link-local sender (RFC 4007), without which it cannot be answered;
 * a listener on such an address is in the same zone.
 */
function withZoneOf(bound: string, host: string): string {
  const zoneAt = bound.indexOf('%')
  const needsZone = /^fe[89ab]/i.test(host) && !host.includes('%')
  return zoneAt !== -1 && needsZone ? host + bound.slice(zoneAt) : host
}
