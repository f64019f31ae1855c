/** What a dialect has of its manager, with everything it does written down. */
import type { MachinesError } from '../../../../../src/errors.js'
import type {
  BotIpc,
  Dialect,
  DialectHost,
  DialectMessage,
  DialectNetwork,
} from '../../../../../src/instances/dialects/dialect.js'
import { discordJsDialect } from '../../../../../src/instances/dialects/discordjs/discordjs-dialect.js'
import type { Outcome } from '../../../../../src/routing/outcome.js'
import type { Target } from '../../../../../src/routing/target.js'
import { VirtualSystem } from '../../../../support/virtual-system.js'

export interface Asked {
  readonly target: Target
  readonly message: DialectMessage
  readonly runsCode: boolean
}

export class FakeHost {
  /** `recognised`, `ready`, `gateway:…`, in the order in which they were said. */
  readonly log: string[] = []
  readonly warnings: MachinesError[] = []
  /** What the bot was sent, as it arrives there: as JSON. */
  readonly sent: unknown[] = []
  readonly asked: Asked[] = []
  readonly told: unknown[] = []
  readonly managerMessages: unknown[] = []
  botTakes = true
  network: Partial<DialectNetwork> = {}
  answer: () => Promise<Outcome[]> = () => Promise.resolve([])
  readonly ipc: BotIpc = {
    onMessage() {},
    send: (message) => {
      const text = JSON.stringify(message)
      if (this.botTakes) this.sent.push(text === undefined ? undefined : JSON.parse(text))
      return this.botTakes
    },
  }
  readonly dialect: Dialect

  constructor() {
    const host: DialectHost = {
      spec: {
        instance: 1,
        shards: [2, 3],
        totalShards: 8,
        mode: 'processes',
        managerIpcId: '1',
        instanceIpcId: '2',
      },
      system: new VirtualSystem(),
      ipc: this.ipc,
      network: {
        instanceCount: 4,
        hasShard: (shard) => shard < 8,
        callTimeoutMs: 30_000,
        ask: (target, message, { runsCode }) => {
          this.asked.push({ target, message, runsCode })
          return this.answer()
        },
        tell: (target, message) => {
          this.told.push([target, message])
        },
        messageManager: (message) => {
          this.managerMessages.push(message)
        },
      },
      recognised: () => this.log.push('recognised'),
      ready: () => this.log.push('ready'),
      failed: ({ code }) => this.log.push(`failed:${code}`),
      gateway: (state) => this.log.push(`gateway:${state}`),
      warn: (error) => this.warnings.push(error),
    }
    const network = () => this.network
    this.dialect = discordJsDialect({
      ...host,
      get network() {
        return { ...host.network, ...network() }
      },
    })
  }

  /** The bot says these, one after the other. */
  say(...messages: readonly unknown[]): void {
    for (const message of messages) this.ipc.onMessage(message)
  }
}
