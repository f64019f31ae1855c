/** What an endurance run has shown, for people. */
import Table from 'cli-table3'
import pc from 'picocolors'
import { short } from '../lib/report.js'

/** @param {any} result @returns {string[]} */
export function tables(result) {
  return [traffic(result), memory(result), loops(result), verdict(result)]
}

function traffic({ cuts, requests, latencies, messages }) {
  const worst = (name) => Math.max(...latencies.map((one) => one[name])) / 1_000
  const table = new Table({ head: ['counts with the time to warm up', ''] })
  table.push(
    ['links cut', cuts],
    ['requests answered', requests.answered],
    ['requests that ended with an error', counts(requests.errors)],
    [
      'latency of the slowest bot, ms',
      `p50 ${short(worst('p50Us'))}, p99 ${short(worst('p99Us'))}, p99.9 ${short(worst('p999Us'))}, most ${short(worst('maxUs'))}`,
    ],
    ['messages sent', messages.sent],
    ['received, in order', messages.received],
    ['reported as undelivered', counts(messages.reasons)],
  )
  return table.toString()
}

const colours = { flat: pc.green, rises: pc.yellow, grows: pc.red }

function memory({ processes }) {
  const third = ['first third', 'last third', 'an hour']
  const [resident, heap] = ['resident', 'heap'].map((what) => third.map((one) => `${what}\n${one}`))
  const inUse = ['in use\nbefore', 'in use\nafter']
  const table = new Table({ head: ['MiB', ...resident, ...heap, ...inUse, ''] })
  for (const { name, memory: of } of processes) {
    const { before, after } = of.inUse
    const cells = [...trend(of.resident), ...trend(of.heap), short(before), short(after)]
    table.push([name, ...cells, colours[of.verdict](of.verdict)])
  }
  return table.toString()
}

const trend = ({ firstThird, lastThird, perHour, perHourError }) => [
  short(firstThird),
  short(lastThird),
  `${perHour.toFixed(0)} ± ${perHourError.toFixed(0)}`,
]

function loops({ processes }) {
  const table = new Table({ head: ['event loop late, ms', 'p50', 'p99', 'most'] })
  for (const { name, loop } of processes) {
    table.push([name, short(loop.p50Ms), short(loop.p99Ms), short(loop.maxMs)])
  }
  return table.toString()
}

function verdict({ failures }) {
  if (failures.length === 0) return pc.green('nothing was lost, doubled or left without an answer')
  return failures.map((one) => pc.red(one)).join('\n')
}

/** @param {Record<string, number>} byName */
function counts(byName) {
  const entries = Object.entries(byName)
  return entries.length === 0 ? '0' : entries.map(([name, count]) => `${count} ${name}`).join('\n')
}
