/** The pure core of the fake gateway, with a clock that the test moves and clients without sockets. */

import type { GatewayAction } from '../../../../src/testing/fake-discord/gateway-connection.js'
import { GatewayConnection } from '../../../../src/testing/fake-discord/gateway-connection.js'
import type { GatewayWorld } from '../../../../src/testing/fake-discord/gateway-rules.js'
import { Guilds } from '../../../../src/testing/fake-discord/guilds.js'
import { opcodes, type ServerPayload } from '../../../../src/testing/fake-discord/protocol.js'
import { SessionStarts } from '../../../../src/testing/fake-discord/session-starts.js'
import { GatewaySessionTable } from '../../../../src/testing/fake-discord/session-table.js'
import { Tally } from '../../../../src/testing/fake-discord/tally.js'

export interface BenchOptions {
  readonly totalShards?: number
  readonly maxConcurrency?: number
  readonly membersPerGuild?: number
  readonly token?: string
  readonly disallowedIntents?: number
  readonly startsTotal?: number
  readonly startsResetAfterMs?: number
}

/** GUILDS, GUILD_MEMBERS and GUILD_PRESENCES. */
export const allIntents: number = 0x1 | 0x2 | 0x100

export class GatewayBench {
  now = 0
  readonly world: GatewayWorld
  #connections = 0
  #sessions = 0

  constructor(options: BenchOptions = {}) {
    const { totalShards = 4, maxConcurrency = 4, membersPerGuild = 5 } = options
    const { startsTotal: total = 1_000, startsResetAfterMs: resetAfterMs = 86_400_000 } = options
    const tally = new Tally()
    this.world = {
      rules: {
        totalShards,
        heartbeatIntervalMs: 45_000,
        token: options.token,
        disallowedIntents: options.disallowedIntents ?? 0,
        resumeUrl: 'ws://fake/resume',
      },
      sessions: new GatewaySessionTable(() => `session-${this.#sessions++}`, tally),
      starts: new SessionStarts(
        { maxConcurrency, identifyIntervalMs: 5_000, total, remaining: total, resetAfterMs },
        0,
      ),
      guilds: new Guilds({ totalShards, guildsPerShard: 3, membersPerGuild }),
      tally,
    }
  }

  connect(): Client {
    const client = new Client(
      this,
      new GatewayConnection(this.#connections++, this.world, this.now),
    )
    client.take(client.connection.open())
    return client
  }

  /** A client that has identified; what it got until now is forgotten. */
  identified(shard: number, identify: object = {}): Client {
    const client = this.connect()
    client.identify({ shard: [shard, this.world.rules.totalShards], ...identify })
    const ready = client.events('READY')[0]
    if (ready === undefined) throw new Error(`shard ${shard} was not let in`)
    client.sessionId = sessionIdOf(ready)
    client.forget()
    return client
  }

  /** Reasons of all refusals until now. */
  get reasons(): string[] {
    return this.world.tally.stats.violations.map(({ reason }) => reason)
  }
}

function sessionIdOf(ready: ServerPayload): string {
  return (ready.d as { session_id: string }).session_id
}

export class Client {
  readonly connection: GatewayConnection
  sessionId = ''
  readonly #bench: GatewayBench
  #actions: GatewayAction[] = []

  constructor(bench: GatewayBench, connection: GatewayConnection) {
    this.#bench = bench
    this.connection = connection
  }

  take(actions: readonly GatewayAction[]): void {
    this.#actions.push(...actions)
  }

  forget(): void {
    this.#actions = []
  }

  get sent(): ServerPayload[] {
    return this.#actions.flatMap((action) => (action.kind === 'send' ? [action.payload] : []))
  }

  /** The code that the gateway closed the connection with. */
  get closeCode(): number | undefined {
    return this.#actions.flatMap((action) => (action.kind === 'close' ? [action.code] : []))[0]
  }

  /** Ids of connections that this one takes the session from. */
  get displaced(): number[] {
    return this.#actions.flatMap((action) =>
      action.kind === 'displace' ? [action.connection] : [],
    )
  }

  events(name: string): ServerPayload[] {
    return this.sent.filter(({ t }) => t === name)
  }

  /** What `d` was of every op 9. */
  get invalidations(): unknown[] {
    return this.sent.filter(({ op }) => op === opcodes.invalidSession).map(({ d }) => d)
  }

  say(text: string): void {
    this.take(this.connection.receive(text, Buffer.byteLength(text), this.#bench.now))
  }

  send(op: number, d: unknown): void {
    this.say(JSON.stringify({ op, d }))
  }

  identify(data: object = {}): void {
    const properties = { os: 'linux', browser: 'test', device: 'test' }
    const { totalShards } = this.#bench.world.rules
    const identify = { token: 'token', intents: 1, properties, shard: [0, totalShards], ...data }
    this.send(opcodes.identify, identify)
  }

  resume(data: object = {}): void {
    this.send(opcodes.resume, { token: 'token', session_id: this.sessionId, seq: 1, ...data })
  }

  heartbeat(): void {
    this.send(opcodes.heartbeat, null)
  }

  /** The socket ends. */
  drop(code = 1006): void {
    this.connection.closed(code, this.#bench.now)
  }
}
