/** One machine: `child.js <settings>`. Its bots are asked through it, so no link is needed for that. */
import { fileURLToPath } from 'node:url'
import { fromDist } from '../lib/dist.js'
import { watchHealth } from '../lib/health.js'
import { answer } from '../lib/processes.js'

const { ShardingManager } = await fromDist('index.js')
const { stateDir } = JSON.parse(process.argv[2] ?? '')
const manager = new ShardingManager({
  mode: 'machines',
  file: fileURLToPath(new URL('bot.js', import.meta.url)),
  output: 'ignore',
  signals: 'ignore',
  machines: { me: 'child', ipc: { networkHost: '127.0.0.1', networkPort: 0 }, stateDir },
})
manager.on('warning', () => {})
await manager.start()

answer(
  {
    ...watchHealth(),
    port: () => manager.address.port,
    bots: ({ op, data }) =>
      manager.eval(({ ask, what, given }) => ask(what, given), {
        to: [...manager.instances.keys()],
        context: { what: op, given: data },
      }),
  },
  () => manager.stop(),
)
