/** Manager and instance on one machine: the channels that Node has, and ours on top of two of them. */
import { startProcess } from '../lib/processes.js'

const metric = (load) => ({
  name: `200B x${load}`,
  unit: load === 1 ? 'us p50' : '/s',
  better: load === 1 ? 'less' : 'more',
  measure: { load },
})

/** @param {string} name @param {string} title */
const contender = (name, title) => ({
  name,
  title,
  async start() {
    const run = await startProcess(new URL('process.js', import.meta.url), { args: [name] })
    const measure = async (what, ms) => {
      const { p50Us, perSecond } = await run.ask('measure', { ...what, ms })
      return what.load === 1 ? p50Us : perSecond
    }
    return { measure, stop: run.stop }
  },
})

/** @type {import('../lib/rounds.js').Bench} */
export const local = {
  name: 'local',
  title: 'Manager and instance: request and reply',
  metrics: [metric(1), metric(64)],
  contenders: [
    contender('socket', 'discordoo-machines, process'),
    contender('port', 'discordoo-machines, worker'),
    contender('fork-json', 'fork, json'),
    contender('fork-advanced', 'fork, advanced'),
    contender('worker', 'worker, postMessage'),
  ],
  targets: [
    { metric: '200B x1', subject: 'socket', against: 'fork-json', ratio: 1 },
    { metric: '200B x64', subject: 'socket', against: 'fork-json', ratio: 1 },
    { metric: '200B x1', subject: 'port', against: 'worker', ratio: 1.25 },
    { metric: '200B x64', subject: 'port', against: 'worker', ratio: 1 },
  ],
}
