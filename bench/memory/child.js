/** A child manager: `child.js <settings>`; idle until a parent comes. */
import { nameBotApi } from '../lib/dist.js'
import { answer } from '../lib/processes.js'
import { startChild } from '../lib/star.js'

nameBotApi()
const { stateDir } = JSON.parse(process.argv[2] ?? '')
const manager = await startChild(new URL('../start/bot.js', import.meta.url), stateDir)
answer(
  {
    port: () => manager.address.port,
    bots: () =>
      [...manager.machines.values()].flatMap(({ instances }) => instances.map(({ pid }) => pid)),
  },
  () => manager.stop(),
)
