import { bot } from 'discordoo-machines/bot'
import { Client } from 'oceanic.js'

const token = process.env.DISCORD_TOKEN
const client = new Client({
  auth: `Bot ${token}`,
  gateway: {
    intents: ['GUILDS'],
    shardIDs: [...bot.shards],
    maxShards: bot.totalShards,
  },
})

client.on('error', (error, shard) => {
  // Oceanic puts the token into its error for a wrong one; logs must not have it.
  console.error(shard, String(error).replaceAll(token, '[token]'))
})
client.once('ready', () => bot.ready()) // emitted when all shards are ready

bot.expose({ client })
bot.on('stopping', () => client.disconnect(false)) // false: do not reconnect

await client.connect()
