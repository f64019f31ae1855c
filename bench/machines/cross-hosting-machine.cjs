// One machine of discord-cross-hosting, with its cluster manager: `<settings>`.
const path = require('node:path')
const { ClusterManager } = require('discord-hybrid-sharding')
const { Client } = require('discord-cross-hosting')

const settings = JSON.parse(process.argv[2])
process.env.BENCH_SETTINGS = process.argv[2]

async function main() {
  const { answer } = await import('../lib/processes.js')
  const { port, authToken, mode, perMachine } = settings
  const client = new Client({ agent: 'bot', host: 'localhost', port, authToken, retries: 5 })
  client.on('error', () => {})
  await client.connect()
  const data = await client.requestShardData()
  const manager = new ClusterManager(path.join(__dirname, 'cross-hosting-bot.cjs'), {
    totalShards: data.totalShards,
    totalClusters: perMachine,
    shardList: data.shardList.flat(),
    clusterList: data.clusterList,
    shardsPerClusters: 1,
    mode: mode === 'workers' ? 'worker' : 'process',
  })
  client.listen(manager)
  // Its delay between starts is for Discord; there is none here.
  await manager.spawn({ delay: 1, timeout: -1, amount: data.totalShards })
  const ask = (script) => manager.broadcastEval(script, { cluster: 0, timeout: 60_000 })
  answer({
    clusters: () => manager.clusters.size,
    check: () => ask('this.check()'),
    measure: async (what) => (await ask(`this.measure(${JSON.stringify(what)})`))[0],
  })
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exit(1)
})
