/** One machine: `machines-child.js <settings>`. */
import { answer } from '../lib/processes.js'
import { startChild } from '../lib/star.js'

const { stateDir } = JSON.parse(process.argv[2] ?? '')
const manager = await startChild(new URL('machines-bot.js', import.meta.url), stateDir)
answer({ port: () => manager.address.port }, () => manager.stop())
