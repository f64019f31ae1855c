import { Client, Events, GatewayIntentBits } from 'discord.js'
import { bot } from 'discordoo-machines/bot'

const client = new Client({
  intents: [GatewayIntentBits.Guilds],
  shards: bot.shards,
  shardCount: bot.totalShards,
})

bot.handle('guilds', () => client.guilds.cache.size)
bot.handle('guildName', (id) => client.guilds.cache.get(id)?.name)

client.on(Events.Error, (error) => console.error(error))
client.once(Events.ClientReady, () => bot.ready()) // emitted when all shards are ready

bot.expose({ client })
bot.on('stopping', () => client.destroy())

await client.login(process.env.DISCORD_TOKEN)
