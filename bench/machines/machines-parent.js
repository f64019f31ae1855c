/** The parent of all machines: `machines-parent.js <settings>`; TLS is on, as always. */
import { fromDist } from '../lib/dist.js'
import { answer } from '../lib/processes.js'

const { ShardingManager } = await fromDist('index.js')
const { stateDir, ports, mode, perMachine } = JSON.parse(process.argv[2] ?? '')
const points = ports.map((port, index) => ({
  host: '127.0.0.1',
  port,
  childManagerOptions: {
    mode,
    shards: { from: index * perMachine, to: (index + 1) * perMachine - 1 },
    shardsPerInstance: 1,
  },
}))
const manager = new ShardingManager({
  mode: 'machines',
  signals: 'ignore',
  machines: { me: 'parent', points, stateDir },
})
manager.on('warning', () => {})
await manager.start()
const asker = { to: 0, timeoutMs: 60_000 }
await manager.eval(({ check }) => check(), asker)

answer(
  {
    async measure(what) {
      const options = { ...asker, context: { wanted: what } }
      const [result] = await manager.eval(({ measure, wanted }) => measure(wanted), options)
      return result
    },
  },
  () => manager.stop(),
)
