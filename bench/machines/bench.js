/** From instance to instance across machines: what a bot gets. */
import { startCrossHosting, startFloor, startOurs } from './contenders.js'

const needs = ['discord-cross-hosting', 'discord-hybrid-sharding']

/** @param {string} call @param {number} load @returns {import('../lib/rounds.js').Metric} */
const metric = (call, load) => ({
  name: `${call} x${load}`,
  unit: load === 1 ? 'us p50' : '/s',
  better: load === 1 ? 'less' : 'more',
  measure: { call, load },
})

/** Processor time of all processes. @param {string} call @returns {import('../lib/rounds.js').Metric} */
const cpuMetric = (call) => ({
  name: `${call} x64 CPU`,
  unit: 'us each',
  better: 'less',
  measure: { call, load: 64, cpu: true },
})

const calls = ['eval', 'request', 'broadcast']

/** @param {'processes' | 'workers'} mode @param {number} perMachine @param {readonly string[]} wanted */
const contenders = (mode, perMachine, wanted) => [
  {
    name: 'ours',
    title: 'discordoo-machines, TLS',
    start: () => startOurs(mode, perMachine),
  },
  {
    name: 'cross-hosting',
    title: 'discord-cross-hosting, no TLS',
    needs,
    start: () => startCrossHosting(mode, perMachine, { calls: wanted }),
  },
]

/** What any star of this shape reaches on this machine. */
const floor = {
  name: 'floor',
  title: 'bare sockets and TLS, JSON at the ends',
  start: () => startFloor(2),
}

const against = { subject: 'ours', against: 'cross-hosting' }

/** Ratios that say how much there is to win; nothing is demanded of them. @param {string} call */
const towardsFloor = (call) =>
  [`${call} x1`, `${call} x64`, `${call} x64 CPU`].flatMap((name) => [
    { metric: name, subject: 'ours', against: 'floor' },
    { metric: name, subject: 'floor', against: 'cross-hosting' },
  ])

/** @param {'processes' | 'workers'} mode @returns {import('../lib/rounds.js').Bench} */
export const machines = (mode) => ({
  name: `machines-${mode}`,
  title: `From instance to instance: 2 machines with 2 ${mode} each`,
  ms: 1_000,
  smoke: mode === 'processes',
  warmUps: calls.map((call) => ({ call, load: 64 })),
  metrics: calls.flatMap((call) => [metric(call, 1), metric(call, 64), cpuMetric(call)]),
  contenders: [...contenders(mode, 2, calls), ...(mode === 'processes' ? [floor] : [])],
  targets: calls.flatMap((call) => [
    { metric: `${call} x1`, ...against, ratio: 0.5 },
    { metric: `${call} x64`, ...against, ratio: 5 },
    { metric: `${call} x64 CPU`, ...against, ratio: 0.5 },
    ...towardsFloor(call),
  ]),
})

/** @param {number} count @returns {import('../lib/rounds.js').Bench} */
export const broadcast = (count) => ({
  name: `broadcast-${count}`,
  title: `A broadcast to ${count} workers on 2 machines`,
  // The same as machines-workers, with more of them.
  smoke: false,
  // Each worker compiles for itself, and is asked the less often the more of them there are.
  warmUps: Array.from({ length: Math.ceil(count / 8) }, () => ({ call: 'broadcast', load: 16 })),
  metrics: [metric('broadcast', 1), metric('broadcast', 16)],
  // With 128 of them, discord-cross-hosting answers no eval of one guild any more.
  contenders: contenders('workers', count / 2, ['broadcast']),
  targets: [
    { metric: 'broadcast x1', ...against, ratio: 0.5 },
    { metric: 'broadcast x16', ...against, ratio: 5 },
  ],
})
