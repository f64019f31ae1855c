// The guide's child manager, one per server. Here both run on this computer, so each is told by its
// first argument (JSON) which address and certificate are its own.
import { ShardingManager, ShardingManagerModes } from 'discordoo-machines'

const { host, tls, stateDir } = JSON.parse(process.argv[2])

const manager = new ShardingManager({
  file: new URL('../bot.js', import.meta.url),
  mode: ShardingManagerModes.MACHINES,
  machines: {
    me: 'child',
    ipc: { networkHost: host, networkPort: 0 }, // 0: any free port
    tls,
    stateDir,
    whenParentStops: 'exit', // a real child would go on standing by
  },
})

manager.on('warning', (warning) => process.send?.({ warning: warning.message }))

await manager.start()
process.send?.({ port: manager.address.port })

// Only for the demo: when it is gone this child has no reason to stay, and the other way round.
process.on('disconnect', () => void manager.stop())
manager.on('stop', () => process.connected && process.disconnect())
