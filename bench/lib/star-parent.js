/** A parent of machines that listen already: `star-parent.js <settings>`; TLS is on, as always. */
import { fromDist } from './dist.js'
import { watchHealth } from './health.js'
import { answer } from './processes.js'

const { ShardingManager } = await fromDist('index.js')
const { stateDir, ports, perMachine } = JSON.parse(process.argv[2] ?? '')
const manager = new ShardingManager({
  mode: 'machines',
  signals: 'ignore',
  machines: {
    me: 'parent',
    stateDir,
    points: ports.map((port, index) => ({
      host: '127.0.0.1',
      port,
      childManagerOptions: {
        mode: 'processes',
        shards: { from: index * perMachine, to: (index + 1) * perMachine - 1 },
        shardsPerInstance: 1,
      },
    })),
  },
})
manager.on('warning', () => {})
await manager.start()
answer(watchHealth(), () => manager.stop())
