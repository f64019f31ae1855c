// A bot that loads nothing of ours beside the preload, which therefore is told that it is ready.
globalThis[Symbol.for('discordoo-machines.instance-runtime')].ready()
// A bot has connections that keep it alive.
setInterval(() => {}, 2 ** 30)
