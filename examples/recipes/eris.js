import { bot } from 'discordoo-machines/bot'
import { Client } from 'eris'

const token = process.env.DISCORD_TOKEN
const client = new Client(`Bot ${token}`, {
  intents: ['guilds'],
  maxShards: bot.totalShards,
  lastShardID: -1, // connect() starts no shard by itself: they are spawned below
})

client.on('error', (error, shard) => {
  // Eris puts the token into its error for a wrong one; logs must not have it.
  console.error(shard, String(error).replaceAll(token, '[token]'))
})
client.once('ready', () => bot.ready()) // emitted when all shards are ready

bot.expose({ client })
bot.on('stopping', () => client.disconnect({ reconnect: false }))

await client.connect()
for (const shard of bot.shards) client.shards.spawn(shard)
