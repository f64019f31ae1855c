/** A parent of machines that listen already: `star-parent.js <settings>`. */
import { watchHealth } from './health.js'
import { answer } from './processes.js'
import { startParent } from './star.js'

const manager = await startParent(JSON.parse(process.argv[2] ?? ''))
answer(watchHealth(), () => manager.stop())
