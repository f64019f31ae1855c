/** The WebSocket side of the fake Discord: opens connections and reaches them by shard. */
import type { WebSocket } from 'ws'
import { MachinesError } from '../../errors.js'
import type { Cancel, System } from '../../system/system.js'
import { eventOf, guildCreateEvent, guildsToSend } from './events.js'
import { GatewayConnection } from './gateway-connection.js'
import { type GatewayWorld, type Refusal, refuse } from './gateway-rules.js'
import type { GatewaySession } from './gateway-session.js'
import { type GatewayHost, GatewaySocket } from './gateway-socket.js'
import { closeCodes, gatewayVersions, type ServerPayload } from './protocol.js'

export interface GatewayServerOptions {
  readonly world: GatewayWorld
  readonly system: System
  readonly guildDelayMs: number
  readonly now: () => number
  readonly changed: () => void
}

export class GatewayServer {
  readonly #options: GatewayServerOptions
  readonly #host: GatewayHost
  readonly #sockets = new Map<number, GatewaySocket>()
  readonly #guildTimers = new Set<Cancel>()
  #nextId = 0

  constructor(options: GatewayServerOptions) {
    this.#options = options
    this.#host = {
      system: options.system,
      now: options.now,
      changed: options.changed,
      displace: (id) => {
        const reason = 'the session was resumed elsewhere'
        this.#sockets
          .get(id)
          ?.act((connection, now) => connection.close(closeCodes.unknownError, reason, now))
      },
      sendGuilds: (session) => this.#sendGuilds(session, guildsToSend(session, options.world)),
      gone: (socket) => this.#sockets.delete(socket.id),
    }
  }

  get openConnections(): number {
    return this.#sockets.size
  }

  /** Takes a new WebSocket; `query` is that of its URL: `v`, `encoding`, `compress`. */
  accept(webSocket: WebSocket, query: URLSearchParams): void {
    const { world } = this.#options
    world.tally.count('connections')
    const connection = new GatewayConnection(this.#nextId++, world, this.#options.now())
    const isCompressed = query.get('compress') === 'zlib-stream'
    const socket = new GatewaySocket(webSocket, connection, this.#host, isCompressed)
    this.#sockets.set(socket.id, socket)
    socket.open()
    const refusal = queryRefusal(query)
    if (refusal !== undefined) socket.act((one, now) => one.refuse(refusal, now))
    this.#options.changed()
  }

  /** Counts a connection that was not even opened. */
  refuse(refusal: Refusal): void {
    refuse(this.#options.world, refusal, this.#options.now())
    this.#options.changed()
  }

  /** Sends an event to the shard, or keeps it for the resume. Throws DM_TARGET_UNKNOWN. */
  dispatch(shard: number, name: string, data: unknown): void {
    const session = this.#sessionOf(shard)
    this.#deliver(session, eventOf(session, this.#options.world, name, data))
  }

  /** Sends something without a number. Throws DM_TARGET_UNKNOWN unless the shard is connected. */
  send(shard: number, payload: ServerPayload): void {
    this.connected(shard).perform([{ kind: 'send', payload }])
  }

  /** The socket that has the shard's session. Throws DM_TARGET_UNKNOWN. */
  connected(shard: number): GatewaySocket {
    const { connection } = this.#sessionOf(shard)
    const socket = connection === undefined ? undefined : this.#sockets.get(connection)
    if (socket !== undefined) return socket
    throw new MachinesError('DM_TARGET_UNKNOWN', `shard ${shard} has lost its connection`)
  }

  /** Cuts every connection and ends every session. */
  close(): void {
    for (const cancel of this.#guildTimers) cancel()
    this.#guildTimers.clear()
    for (const socket of this.#sockets.values()) socket.destroy()
    this.#options.world.sessions.endAll()
  }

  #sessionOf(shard: number): GatewaySession {
    return this.#options.world.sessions.of(shard, this.#options.now())
  }

  #deliver(session: GatewaySession, payload: ServerPayload): void {
    const { connection } = session
    // Without a connection the event waits in the session for the resume.
    if (connection !== undefined) {
      this.#sockets.get(connection)?.perform([{ kind: 'send', payload }])
    }
    this.#options.changed()
  }

  #sendGuilds(session: GatewaySession, guildIds: readonly string[]): void {
    const { world, system, guildDelayMs } = this.#options
    const send = (guildId: string) =>
      this.#deliver(session, guildCreateEvent(session, world, guildId))
    if (guildDelayMs === 0) {
      for (const guildId of guildIds) send(guildId)
      return
    }
    const [next, ...others] = guildIds
    if (next === undefined) return
    const cancel = system.setTimer(guildDelayMs, () => {
      this.#guildTimers.delete(cancel)
      if (session.isOver) return
      send(next)
      this.#sendGuilds(session, others)
    })
    this.#guildTimers.add(cancel)
  }
}

/** Why a URL cannot be served; clients leave the version out at their own risk. */
function queryRefusal(query: URLSearchParams): Refusal | undefined {
  const version = query.get('v')
  if (!gatewayVersions.some((known) => String(known) === version)) {
    const detail = `v is ${(version ?? 'missing').slice(0, 20)}, not ${gatewayVersions.join(', ')}`
    return { reason: 'version-invalid', detail }
  }
  const encoding = query.get('encoding') ?? 'json'
  const compress = query.get('compress') ?? 'zlib-stream'
  if (encoding === 'json' && compress === 'zlib-stream') return undefined
  const detail = `only encoding=json and compress=zlib-stream are spoken here`
  return { reason: 'encoding-unsupported', detail }
}
