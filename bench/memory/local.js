/** A manager of one process: `local.js <settings>`. */
import { fileURLToPath } from 'node:url'
import { fromDist, pathInDist } from '../lib/dist.js'
import { answer } from '../lib/processes.js'

const { ShardingManager } = await fromDist('index.js')
// The bot of the bench of starts imports no module of the bench.
process.env.BENCH_BOT_API = pathInDist('bot/index.js').href
const { bot } = JSON.parse(process.argv[2] ?? '')
const manager = new ShardingManager({
  mode: 'processes',
  file: fileURLToPath(new URL(bot, import.meta.url)),
  shards: 1,
  output: 'ignore',
  signals: 'ignore',
})
await manager.start()
const [{ pid }] = manager.machines.first().instances
answer({ bot: () => pid }, () => manager.stop())
