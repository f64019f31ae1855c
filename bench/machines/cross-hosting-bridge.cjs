// The bridge of discord-cross-hosting: `<settings>`.
const { Bridge } = require('discord-cross-hosting')

const { port, authToken, machines, count } = JSON.parse(process.argv[2])

async function main() {
  const { answer } = await import('../lib/processes.js')
  const bridge = new Bridge({
    port,
    authToken,
    totalShards: count,
    totalMachines: machines,
    shardsPerCluster: 1,
    token: 'none',
  })
  await bridge.start()
  // It would wait 5 s for that.
  await bridge.initializeShardData()
  answer({})
}

void main()
