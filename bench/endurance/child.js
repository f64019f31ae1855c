/** One machine: `child.js <settings>`. Its bots are asked through it, so no link is needed for that. */
import { watchHealth } from '../lib/health.js'
import { answer } from '../lib/processes.js'
import { startChild } from '../lib/star.js'

const { stateDir } = JSON.parse(process.argv[2] ?? '')
const manager = await startChild(new URL('bot.js', import.meta.url), stateDir)

answer(
  {
    ...watchHealth(),
    port: () => manager.address.port,
    bots: ({ op, data }) =>
      manager.eval(({ ask, what, given }) => ask(what, given), {
        to: [...manager.instances.keys()],
        context: { what: op, given: data },
      }),
  },
  () => manager.stop(),
)
