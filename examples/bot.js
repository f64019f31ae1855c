// A small bot for trying things out: it stands for a client with guilds, and needs no Discord.
import { bot } from 'discordoo-machines/bot'

// About two thousand guilds per shard, the same on every run.
const guilds = bot.shards.reduce((sum, shard) => sum + 1900 + ((shard * 37) % 200), 0)
const client = { guilds, startedAt: Date.now(), greetings: [] }

// Everything exposed here is handed to evaluated functions, beside their context.
bot.expose({ client })

bot.on('message', ({ message, from }) => {
  client.greetings.push({ message, from: from.instance })
})

// Named requests need no eval: other instances call them by name.
bot.handle('greetings', () => client.greetings)

bot.on('stopping', async () => {
  client.guilds = 0 // time to say goodbye: close the gateway, flush what must be kept
})

bot.ready()
