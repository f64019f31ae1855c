/**
 * The manager's side of discordoo 0.12.5's local IPC, for one incarnation of one instance: the app
 * listens on a socket, the manager connects to it.
 */
import { MachinesError } from '../../../errors.js'
import type { Caller } from '../../../routing/caller.js'
import { managerDebug } from '../../../system/manager-debug.js'
import { SnowflakeSource } from '../../snowflake-source.js'
import type { Dialect, DialectHost, DialectRequest } from '../dialect.js'
import { BotCalls } from './bot-calls.js'
import type { Hello } from './bot-line.js'
import { BotLine } from './bot-line.js'
import { BotMessages } from './bot-messages.js'
import { BotRequests } from './bot-requests.js'
import type { HandshakeStep } from './handshake.js'
import { Handshake } from './handshake.js'
import { NetworkRequests } from './network-requests.js'
import { nodeIpcSocket } from './node-ipc-socket.js'
import type { OpenPacketSocket } from './packet-socket.js'
import type { Fields, Packet } from './packets.js'
import { Event, encodeFrame, Op, readPacket } from './packets.js'

const debug = managerDebug('discordoo:machines:discordoo')

/** discordoo takes this path and no other, whatever TMPDIR says. */
function socketPath(instanceIpcId: string): string {
  return `/tmp/ddoo${instanceIpcId}`
}

/** Begins to look for the bot's socket. `openSocket`: for tests; default: by node-ipc. */
export function discordooDialect(
  host: DialectHost,
  openSocket: OpenPacketSocket = nodeIpcSocket,
): Dialect {
  return new DiscordooDialect(host, openSocket)
}

class DiscordooDialect implements Dialect {
  readonly name = 'discordoo'
  readonly #host: DialectHost
  readonly #ids: SnowflakeSource
  readonly #handshake: Handshake
  readonly #line: BotLine
  readonly #calls: BotCalls
  readonly #botRequests: BotRequests
  readonly #botMessages: BotMessages
  readonly #networkRequests: NetworkRequests
  /** The bot takes nothing more for now, and the operator has been told so. */
  #isClogged = false
  #isClosed = false

  constructor(host: DialectHost, openSocket: OpenPacketSocket) {
    this.#host = host
    const { spec, system, network } = host
    const nextId = () => this.#ids.forManager()
    this.#ids = new SnowflakeSource(system)
    this.#handshake = new Handshake(spec)
    this.#line = new BotLine({
      system,
      path: socketPath(spec.instanceIpcId),
      openSocket,
      makeHello: () => this.#hello(nextId()),
      onPacket: (packet) => this.#receive(packet),
      onTooLong: (eventId) => this.#tooLong(eventId),
    })
    this.#calls = new BotCalls({ system, line: this.#line, nextId })
    this.#botRequests = new BotRequests({
      spec,
      network,
      reply: (packet) => void this.#push(packet),
    })
    this.#botMessages = new BotMessages({ spec, network, warn: (error) => this.#warn(error) })
    this.#networkRequests = new NetworkRequests({
      spec,
      calls: this.#calls,
      nextId,
      push: (packet) => this.#push(packet),
    })
  }

  readonly answer = (request: DialectRequest, timeoutMs: number): Promise<unknown> =>
    this.#networkRequests.answer(request, timeoutMs)

  told(message: Fields): void {
    if (!this.#networkRequests.told(message)) debug('told %s in vain', message.op)
  }

  message(message: unknown, from: Caller): boolean {
    return this.#networkRequests.message(message, from)
  }

  /** DESTROYING overtakes what waits: the bot has killTimeoutMs before harder means are used. */
  stop(): boolean {
    const d = { event_id: this.#ids.forManager() }
    return this.#line.sendAtOnce(encodeFrame({ op: Op.DISPATCH, t: Event.DESTROYING, d }))
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#line.close()
    this.#calls.close()
  }

  #hello(eventId: string): Hello {
    return { eventId, frame: encodeFrame(this.#handshake.hello(eventId)) }
  }

  /** What a bot sends is data: whatever it is, nothing is thrown into the socket that brought it. */
  #receive(data: unknown): void {
    if (this.#isClosed) return
    const packet = readPacket(data)
    try {
      if (packet === undefined || !this.#take(packet)) {
        debug('instance %d: ignored a packet', this.#host.spec.instance)
      }
    } catch (cause) {
      const message = 'a packet of a bot could not be handled'
      this.#warn(new MachinesError('DM_INTERNAL', message, { cause }))
    }
  }

  #take(packet: Packet): boolean {
    if (this.#calls.settle(packet)) return true
    const steps = this.#handshake.receive(packet)
    if (steps !== undefined) {
      for (const step of steps) this.#follow(step)
      return steps.length > 0
    }
    if (!this.#line.isIdentified) return false
    return this.#botRequests.receive(packet) || this.#botMessages.receive(packet)
  }

  #follow(step: HandshakeStep): void {
    switch (step.type) {
      case 'recognised':
        this.#host.recognised()
        break
      case 'identified':
        this.#line.identified(typeof step.eventId === 'string' ? step.eventId : undefined)
        break
      case 'ready':
        this.#host.ready()
        break
      case 'failed':
        this.#host.failed(step.error)
        break
      case 'warning':
        this.#warn(step.error)
        break
    }
  }

  /** Throws what `encodeFrame` throws. */
  #push(packet: Packet): boolean {
    if (this.#isClosed) return false
    const taken = this.#line.send(encodeFrame(packet))
    if (taken) {
      if (this.#line.isIdle) this.#isClogged = false
    } else if (!this.#isClogged) {
      this.#isClogged = true
      const { instance } = this.#host.spec
      const message = `instance ${instance} does not read: what it is sent is lost until it does`
      this.#warn(new MachinesError('DM_PENDING_LIMIT', message, { instance }))
    }
    return taken
  }

  #tooLong(eventId: string | undefined): void {
    const { instance } = this.#host.spec
    const message = `instance ${instance} sent a packet that is too large`
    const error = new MachinesError('DM_BODY_TOO_LARGE', message, { instance })
    this.#calls.fail(eventId, error)
    this.#warn(error)
  }

  #warn(error: MachinesError): void {
    if (!this.#isClosed) this.#host.warn(error)
  }
}
