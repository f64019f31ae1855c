/**
 * A Discord on loopback, for tests of bots: HTTP and gateway, strict where Discord is strict and
 * stricter where a bot would get away with something. See `docs/reference/testing.md`.
 *
 * The rules are in `gateway-connection.ts`, which knows no sockets; this file owns the HTTP server.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { MachinesError } from '../../errors.js'
import { formatAddress } from '../../transport/address.js'
import { fakeDiscordBounds } from './bounds.js'
import { ChangeWaiters } from './change-waiters.js'
import type { GatewayWorld } from './gateway-rules.js'
import { GatewayServer } from './gateway-server.js'
import type { FakeDiscordSession } from './gateway-session.js'
import { Guilds } from './guilds.js'
import { listen, turnAway } from './http-server.js'
import {
  type FakeDiscordOptions,
  type ResolvedFakeDiscordOptions,
  resolveFakeDiscordOptions,
} from './options.js'
import { closeCodes, controlPayload, isCloseCode, opcodes } from './protocol.js'
import { answerRest } from './rest-routes.js'
import { SessionStarts } from './session-starts.js'
import { GatewaySessionTable } from './session-table.js'
import { type FakeDiscordStats, Tally } from './tally.js'

export class FakeDiscord {
  /** Base of the HTTP API, as `http://127.0.0.1:43210/api`. */
  readonly apiUrl: string
  /** What bots are told to connect to, as `ws://127.0.0.1:43210`. */
  readonly gatewayUrl: string
  readonly #options: ResolvedFakeDiscordOptions
  readonly #http: Server
  readonly #webSockets: WebSocketServer
  readonly #world: GatewayWorld
  readonly #gateway: GatewayServer
  readonly #waiters = new ChangeWaiters()
  readonly #now: () => number
  #closing: Promise<void> | undefined

  /**
   * Listens, and resolves when bots can connect. Rejects with DM_OPTION_UNKNOWN, DM_OPTION_TYPE,
   * DM_OPTION_VALUE for options that make no sense, DM_LISTEN_FAILED when the port is not to be had.
   */
  static async start(options: FakeDiscordOptions = {}): Promise<FakeDiscord> {
    const resolved = resolveFakeDiscordOptions(options)
    const http = createServer()
    const port = await listen(http, resolved)
    return new FakeDiscord(resolved, http, formatAddress({ host: resolved.host, port }))
  }

  private constructor(options: ResolvedFakeDiscordOptions, http: Server, address: string) {
    const { system } = options
    const startedAt = system.now()
    this.apiUrl = `http://${address}/api`
    this.gatewayUrl = `ws://${address}`
    this.#options = options
    this.#http = http
    this.#now = () => system.now() - startedAt
    this.#world = worldOf(options, this.gatewayUrl)
    this.#gateway = new GatewayServer({
      world: this.#world,
      system,
      guildDelayMs: options.guildDelayMs,
      now: this.#now,
      changed: () => this.#waiters.look(),
    })
    this.#webSockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: fakeDiscordBounds.frameBytesMax,
    })
    // A failed accept (EMFILE, say) is reported here; the server goes on, and so does the test.
    http.on('error', () => {})
    http.on('request', (request, response) => this.#answer(request, response))
    http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** What happened until now. A snapshot. */
  get stats(): FakeDiscordStats {
    return this.#world.tally.stats
  }

  /** Sessions that are connected or can still be resumed, by shard. A snapshot. */
  get sessions(): FakeDiscordSession[] {
    return this.#world.sessions.views(this.#now())
  }

  /** WebSocket connections that are open now. */
  get openConnections(): number {
    return this.#gateway.openConnections
  }

  /**
   * Ids of the guilds of a shard; `(id >> 22) % totalShards` is the shard. Throws DM_TARGET_UNKNOWN
   * when there is no such shard.
   */
  guildIdsOf(shard: number): string[] {
    const { totalShards } = this.#options
    if (!Number.isInteger(shard) || shard < 0 || shard >= totalShards) {
      const text = `there is no shard ${shard}, only 0 to ${totalShards - 1}`
      throw new MachinesError('DM_TARGET_UNKNOWN', text)
    }
    return this.#world.guilds.idsOf(shard)
  }

  /**
   * Sends an event to the session of a shard, whatever its intents; while the connection is lost,
   * the event waits for the resume. Throws DM_TARGET_UNKNOWN when the shard has no session, and
   * what JSON.stringify throws for data that is no JSON.
   */
  dispatch(shard: number, eventName: string, data: unknown): void {
    this.#gateway.dispatch(shard, eventName, data)
  }

  /**
   * Ends the connection of a shard; 1006 cuts it without a close frame. The session can be resumed
   * unless the code says otherwise (1000, 1001, 4004, 4007, 4009 and above). Default 4000.
   * Throws DM_TARGET_UNKNOWN when the shard is not connected, DM_OPTION_VALUE for what is no code.
   */
  disconnect(shard: number, code: number = closeCodes.unknownError): void {
    if (!isCloseCode(code)) {
      const allowed = '1000 to 1014 without 1004 and 1005, or 3000 to 4999'
      const details = { path: 'code', given: String(code), allowed }
      throw new MachinesError('DM_OPTION_VALUE', `${code} is no code to close with`, details)
    }
    this.#gateway
      .connected(shard)
      .act((connection, now) => connection.close(code, 'disconnect() of the fake Discord', now))
  }

  /**
   * Op 9. `resumable: false` ends the session: the bot has to IDENTIFY again, in its bucket's time.
   * Throws DM_TARGET_UNKNOWN when the shard is not connected.
   */
  invalidateSession(shard: number, resumable: boolean): void {
    this.#gateway.connected(shard).act((connection, now) => connection.invalidate(resumable, now))
  }

  /** Op 7: the bot is to reconnect and resume. Throws DM_TARGET_UNKNOWN when it is not connected. */
  requestReconnect(shard: number): void {
    this.#gateway.send(shard, controlPayload(opcodes.reconnect, null))
  }

  /**
   * Resolves as soon as `holds` does; it is asked now and whenever something has happened here.
   * Rejects with the reason of the signal, with what `holds` throws, and with DM_STOPPED by close().
   */
  until(holds: (discord: FakeDiscord) => boolean, signal?: AbortSignal): Promise<void> {
    return this.#waiters.wait(() => holds(this), signal)
  }

  /** Cuts all connections, ends all sessions and frees the port. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const closed = once(this.#http, 'close')
    this.#http.close()
    this.#gateway.close()
    this.#http.closeAllConnections()
    this.#webSockets.close()
    await closed
    this.#waiters.end(new MachinesError('DM_STOPPED', 'the fake Discord was closed'))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    // Bodies are of no interest, but must be read for the connection to go on.
    request.resume()
    const { method = 'GET', url = '/', headers } = request
    const { authorization } = headers
    const { maxConcurrency, recommendedShards } = this.#options
    const rules = { gatewayUrl: this.gatewayUrl, maxConcurrency, recommendedShards }
    const answer = answerRest({ method, url, authorization }, this.#world, rules, this.#now())
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer.body))
    this.#waiters.look()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { connectionsMax } = this.#options
    if (this.#gateway.openConnections >= connectionsMax) {
      const detail = `more than ${connectionsMax} connections`
      this.#gateway.refuse({ reason: 'connections-too-many', detail })
      turnAway(socket)
      return
    }
    const [, query = ''] = (request.url ?? '').split('?')
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.#gateway.accept(webSocket, new URLSearchParams(query))
    })
  }
}

function worldOf(options: ResolvedFakeDiscordOptions, resumeUrl: string): GatewayWorld {
  const { maxConcurrency, identifyIntervalMs, sessionStartLimit, system } = options
  const tally = new Tally()
  const newId = () => Buffer.from(system.randomBytes(16)).toString('hex')
  return {
    rules: { ...options, resumeUrl },
    sessions: new GatewaySessionTable(newId, tally),
    starts: new SessionStarts({ maxConcurrency, identifyIntervalMs, ...sessionStartLimit }, 0),
    guilds: new Guilds(options),
    tally,
  }
}
