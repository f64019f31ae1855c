// A bot that does nothing, started by discordoo-machines.
const { bot } = await import(process.env.BENCH_BOT_API ?? '')
bot.ready()
