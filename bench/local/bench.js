/** Manager and instance on one machine: the channels that Node has, and ours on top of two of them. */
import { figureOf } from '../lib/cpu.js'
import { startProcess } from '../lib/processes.js'

const nameOf = (load) => (load === 'one-way' ? '200B one-way' : `200B x${load}`)

const metric = (load) => ({
  name: nameOf(load),
  unit: load === 1 ? 'us p50' : '/s',
  better: load === 1 ? 'less' : 'more',
  measure: { load },
})

/** Processor time of both sides. */
const cpuMetric = (load) => ({
  name: `${nameOf(load)} CPU`,
  unit: 'us each',
  better: 'less',
  measure: { load, cpu: true },
})

/** @param {string} name @param {string} title */
const contender = (name, title) => ({
  name,
  title,
  async start() {
    const run = await startProcess(new URL('process.js', import.meta.url), { args: [name] })
    const measure = (what, ms) =>
      figureOf(what, [run.pid], () => run.ask('measure', { ...what, ms }))
    return { measure, stop: run.stop }
  },
})

/** Ours on one of its carriers, against the best that a careful author makes of it. */
const targets = (subject, against) => [
  { metric: nameOf(1), subject, against, ratio: 1.25 },
  ...[64, 'one-way'].flatMap((load) => [
    { metric: nameOf(load), subject, against, ratio: 0.8 },
    { metric: `${nameOf(load)} CPU`, subject, against, ratio: 1.25 },
  ]),
]

/** Lists as one JSON cost less, but a hub could not pass on a message of them unread. */
const shown = (subject, against) =>
  [64, 'one-way'].map((load) => ({ metric: `${nameOf(load)} CPU`, subject, against }))

/** @type {import('../lib/rounds.js').Bench} */
export const local = {
  name: 'local',
  title: 'Manager and instance: request and reply, one-way',
  metrics: [1, 64, 'one-way'].flatMap((load) => [metric(load), cpuMetric(load)]),
  contenders: [
    contender('socket', 'discordoo-machines, process'),
    contender('pair', 'socket pair, JSON, batched'),
    contender('unix', 'unix socket, JSON, batched'),
    contender('fork-json', 'fork, json'),
    contender('fork-json-lists', 'fork, json, batched'),
    contender('fork-advanced', 'fork, advanced'),
    contender('fork-advanced-lists', 'fork, advanced, batched'),
    contender('port', 'discordoo-machines, worker'),
    contender('port-single', 'worker, postMessage'),
    contender('port-lists', 'worker, objects, batched'),
    contender('port-frames', 'worker, JSON frames, batched'),
    contender('port-text', 'worker, JSON text, batched'),
    contender('port-bytes', 'worker, JSON bytes, batched'),
  ],
  targets: [
    ...targets('socket', 'pair'),
    { metric: nameOf(1), subject: 'socket', against: 'fork-json', ratio: 1 },
    { metric: nameOf(64), subject: 'socket', against: 'fork-json', ratio: 1 },
    ...shown('socket', 'fork-json-lists'),
    ...targets('port', 'port-frames'),
    ...shown('port', 'port-text'),
  ],
}
