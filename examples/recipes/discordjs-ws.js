import { REST } from '@discordjs/rest'
import { WebSocketManager, WebSocketShardEvents } from '@discordjs/ws'
import { GatewayDispatchEvents, GatewayIntentBits } from 'discord-api-types/v10'
import { bot } from 'discordoo-machines/bot'

const token = process.env.DISCORD_TOKEN
const gateway = new WebSocketManager({
  token,
  rest: new REST().setToken(token),
  intents: GatewayIntentBits.Guilds,
  shardIds: bot.shards,
  shardCount: bot.totalShards,
})

const guilds = new Set() // @discordjs/ws has no cache: this bot keeps ids
gateway.on(WebSocketShardEvents.Ready, ({ data }) => {
  for (const { id } of data.guilds) guilds.add(id)
})
gateway.on(WebSocketShardEvents.Dispatch, ({ data: { t, d } }) => {
  if (t === GatewayDispatchEvents.GuildCreate) guilds.add(d.id)
  if (t === GatewayDispatchEvents.GuildDelete && !d.unavailable) guilds.delete(d.id)
})
gateway.on(WebSocketShardEvents.Error, ({ error, shardId }) => console.error(shardId, error))

bot.expose({ client: { gateway, guilds } })
bot.on('stopping', () => gateway.destroy())

await gateway.connect() // resolves when all shards are ready
bot.ready()
