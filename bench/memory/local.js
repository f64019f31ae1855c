/** A manager of one process: `local.js <settings>`. */
import { fileURLToPath } from 'node:url'
import { fromDist, nameBotApi } from '../lib/dist.js'
import { answer } from '../lib/processes.js'

const { ShardingManager } = await fromDist('index.js')
nameBotApi()
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
