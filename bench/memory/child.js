/** A child manager: `child.js <settings>`; idle until a parent comes. */
import { fileURLToPath } from 'node:url'
import { fromDist } from '../lib/dist.js'
import { answer } from '../lib/processes.js'

const { ShardingManager } = await fromDist('index.js')
const { stateDir } = JSON.parse(process.argv[2] ?? '')
const manager = new ShardingManager({
  mode: 'machines',
  file: fileURLToPath(new URL('../start/bot.js', import.meta.url)),
  output: 'ignore',
  signals: 'ignore',
  machines: { me: 'child', ipc: { networkHost: '127.0.0.1', networkPort: 0 }, stateDir },
})
manager.on('warning', () => {})
await manager.start()
answer(
  {
    port: () => manager.address.port,
    bots: () =>
      [...manager.machines.values()].flatMap(({ instances }) => instances.map(({ pid }) => pid)),
  },
  () => manager.stop(),
)
