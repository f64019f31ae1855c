/** Until all instances are ready, against the bare loop of `fork` or `new Worker`. */
import { startProcess } from '../lib/processes.js'

const instances = 8

/** @param {string} who @param {string} title @param {string} mode @returns {import('../lib/rounds.js').Contender} */
const contender = (who, title, mode) => ({
  name: who,
  title,
  start: async () => ({
    /** Each measure is a start of its own, in a manager of its own. */
    async measure() {
      const args = [who, mode, String(instances)]
      const manager = await startProcess(new URL('process.js', import.meta.url), { args })
      try {
        return await manager.ask('start')
      } finally {
        await manager.stop()
      }
    },
    stop: async () => {},
  }),
})

/** @param {'processes' | 'workers'} mode @returns {import('../lib/rounds.js').Bench} */
export const start = (mode) => ({
  name: `start-${mode}`,
  title: `${instances} ${mode} from nothing to ready`,
  smoke: mode === 'processes',
  metrics: [{ name: 'all ready', unit: 'ms', better: 'less', measure: {} }],
  contenders: [
    contender('ours', 'discordoo-machines', mode),
    contender('bare', mode === 'workers' ? 'new Worker() in a loop' : 'fork() in a loop', mode),
  ],
  targets: [{ metric: 'all ready', subject: 'ours', against: 'bare', ratio: 1.15 }],
})
