/** A discordoo dialect between a bot in memory and a network that records what it is asked. */

import { MachinesError } from '../../../../../src/errors.js'
import type {
  DialectHost,
  DialectMessage,
  DialectSpec,
} from '../../../../../src/instances/dialects/dialect.js'
import { discordooDialect } from '../../../../../src/instances/dialects/discordoo/discordoo-dialect.js'
import type { Packet } from '../../../../../src/instances/dialects/discordoo/packets.js'
import type { Outcome } from '../../../../../src/routing/outcome.js'
import type { Target } from '../../../../../src/routing/target.js'
import { VirtualSystem } from '../../../../../src/testing/virtual-system.js'
import { MemoryBot } from './memory-bot.js'

export interface Asked {
  readonly target: Target
  readonly message: DialectMessage
  readonly runsCode: boolean
  readonly timeoutMs: number | undefined
}

export const spec: DialectSpec = {
  instance: 1,
  shards: [2, 3],
  totalShards: 8,
  mode: 'processes',
  managerIpcId: '1000',
  instanceIpcId: '2000',
}

export class World {
  readonly system = new VirtualSystem()
  readonly bot = new MemoryBot()
  /** What the dialect told its host, in order. */
  readonly log: unknown[] = []
  readonly warnings: MachinesError[] = []
  readonly asked: Asked[] = []
  readonly told: { readonly target: unknown; readonly message: unknown }[] = []
  /** What `network.ask` gives. */
  respond: (asked: Asked) => Promise<Outcome[]> = async () => []
  /** What `network.tell` and `messageManager` throw. */
  tellError: MachinesError | undefined
  instanceCount = 4
  /** Shards that nobody serves. */
  gaps: readonly number[] = []
  /** The manager's, ms. */
  callTimeoutMs = 90_000
  readonly host: DialectHost = this.#makeHost()
  readonly dialect = discordooDialect(this.host, this.bot.open)

  get answer() {
    const { answer } = this.dialect
    if (answer === undefined) throw new Error('the dialect answers by itself')
    return answer
  }

  /** The bot answers every HELLO from now on, as the real one does, and what else it is given. */
  identify(onPacket: (packet: Packet) => void = () => {}): void {
    this.bot.onPacket = (packet) => {
      if (packet.op === 2) this.bot.say({ op: 1, d: { id: '2000', event_id: packet.d.event_id } })
      else onPacket(packet)
    }
  }

  /** A bot that has connected and is ready. */
  async start(onPacket?: (packet: Packet) => void): Promise<this> {
    this.identify(onPacket)
    await this.system.advance(0)
    this.bot.say({ op: 0, t: 'CONNECTED', d: { event_id: '2000' } })
    await this.system.advance(0)
    this.bot.packets.length = 0
    return this
  }

  /** What the bot gets for a packet of its own. */
  async ask(packet: unknown): Promise<Packet[]> {
    this.bot.packets.length = 0
    this.bot.say(packet)
    await this.system.advance(0)
    return this.bot.packets
  }

  #makeHost(): DialectHost {
    const tell = (target: unknown, message: unknown) => {
      if (this.tellError !== undefined) throw this.tellError
      this.told.push({ target, message })
    }
    const count = () => this.instanceCount
    const deadline = () => this.callTimeoutMs
    return {
      spec,
      system: this.system,
      ipc: { onMessage() {}, send: () => true },
      network: {
        get callTimeoutMs() {
          return deadline()
        },
        get instanceCount() {
          return count()
        },
        hasShard: (shard) => shard >= 0 && shard < spec.totalShards && !this.gaps.includes(shard),
        ask: (target, message, { runsCode, timeoutMs }) => {
          const asked = { target, message, runsCode, timeoutMs }
          this.asked.push(asked)
          return this.respond(asked)
        },
        tell,
        messageManager: (message) => tell('the message event', message),
      },
      recognised: () => this.log.push('recognised'),
      ready: () => this.log.push('ready'),
      failed: (error) => this.log.push({ failed: error }),
      gateway: (state) => this.log.push({ gateway: state }),
      warn: (error) => this.warnings.push(error),
    }
  }
}

export function ok(instance: number, value: unknown): Outcome {
  return { instance, machine: 'm', shards: [], status: 'ok', value }
}

export function timedOut(instance: number): Outcome {
  const error = new MachinesError('DM_TIMEOUT', 'too late')
  return { instance, machine: 'm', shards: [], status: 'timeout', error }
}
