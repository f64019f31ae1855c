// What users with an old compiler write: both files of the guide, and discordoo's own spellings.
import {
  ChildShardingModes,
  MachinesError,
  type Outcome,
  PartialShardingModes,
  type ShardingInstance,
  ShardingManager,
  ShardingManagerModes,
  ShardingModes,
} from 'discordoo-machines'
import { bot } from 'discordoo-machines/bot'

export const child = new ShardingManager({
  file: './bot.js',
  mode: ShardingManagerModes.MACHINES,
  machines: {
    me: 'child',
    ipc: { networkHost: '10.0.18.1', networkPort: 9999 },
    tls: {
      public: 'a',
      private: 'b',
      dhparam: 'c',
      requestCert: true,
      rejectUnauthorized: true,
      trustedConnections: ['d'],
    },
    accept: { eval: false },
  },
})

export const parent = new ShardingManager({
  mode: ShardingModes.Machines,
  machines: {
    me: 'parent',
    points: [
      {
        port: 8379,
        host: '10.0.18.1',
        udp: 'udp4',
        childManagerOptions: { mode: ChildShardingModes.PROCESSES, shards: { from: 0, to: 127 } },
        tls: { public: 'a', private: 'b', rejectUnauthorized: true, trustedConnections: ['c'] },
      },
      {
        host: 'FE80::0202:B3FF:FE1E:8329',
        shards: [128, 129],
        childManagerOptions: { mode: PartialShardingModes.Workers },
      },
    ],
  },
})

export const local = new ShardingManager({ mode: 'processes', file: './bot.js', shards: 4 })

export async function use(manager: ShardingManager): Promise<number> {
  const started: ShardingManager = await manager.start()
  started.on('ready', () => {}).once('crashLoop', (instance, exits) => instance.id + exits)
  started.on('machine', ({ name, phase, error }) => [name, phase, error?.code])
  const instance: ShardingInstance | undefined = started.instances.get(0)
  await instance?.recreate({ timeout: 1000 })
  instance?.message('hello')
  const outcomes: Outcome<number>[] = await started.evalSettled<number>(({ client }) => client.size)
  const sizes: number[] = await started.eval<number>('return 1', { to: { shard: 3 } })
  const [own] = instance ? await instance.eval<string>(() => 'x', { instance: 'all' }) : []
  const asked: unknown[] = await started.request('stats', { deep: true }, { to: { machine: 'a' } })
  for (const outcome of outcomes) {
    if (outcome.status === 'ok') sizes.push(outcome.value)
    else if (outcome.error instanceof MachinesError) sizes.push(outcome.error.code.length)
  }
  await started.stop()
  return sizes.length + (own ?? '').length + asked.length
}

bot.expose({ client: { size: 1 } })
bot.handle('stats', (payload, from) => [payload, from.instance, from.machine])
bot.on('message', ({ message, from }) => [message, from])
bot.on('stopping', async () => {})
