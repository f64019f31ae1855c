/** The parent of all machines: `machines-parent.js <settings>`. */
import { answer } from '../lib/processes.js'
import { startParent } from '../lib/star.js'

const manager = await startParent(JSON.parse(process.argv[2] ?? ''))
const asker = { to: 0, timeoutMs: 60_000 }
await manager.eval(({ check }) => check(), asker)

answer(
  {
    async measure(what) {
      const options = { ...asker, context: { wanted: what } }
      const [result] = await manager.eval(({ measure, wanted }) => measure(wanted), options)
      return result
    },
  },
  () => manager.stop(),
)
