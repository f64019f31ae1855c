import { ShardingManager } from 'discordoo-machines'

const manager = new ShardingManager({
  mode: 'processes', // or 'workers', 'clusters'
  file: new URL('./oceanic.js', import.meta.url),
  shards: 4,
  shardsPerInstance: 2, // two shards share one client
})

await manager.start() // resolves when all shards are ready

const counts = await manager.eval(({ client }) => client.guilds.size)
console.log(`${counts.reduce((sum, count) => sum + count, 0)} guilds`)
