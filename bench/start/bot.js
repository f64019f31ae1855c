// A bot that does nothing, started by discordoo-machines.
import { fromDist } from '../lib/dist.js'

const { bot } = await fromDist('bot/index.js')
bot.ready()
