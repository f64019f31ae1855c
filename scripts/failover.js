/**
 * Measures what a failure costs: how long until every shard has a session again, how long a shard was
 * without one at most, and how many second sessions a shard would have got (there must be none).
 *
 *   npm run failover                           defaults (a lease of 30 s), and a lease of 5 s
 *   npm run failover -- --repetitions 10       each row so often; default 3
 *   npm run failover -- --lease 10000          with this lease alone, ms
 *   npm run failover -- --only 'kill -9 child' rows that begin like this
 *
 * Real processes on loopback (Linux): a parent, three machines of four shards in two instances, bots
 * that hold a session for each shard, and a fake Discord that lets all of them identify at once. At
 * Discord the pace of IDENTIFY comes on top: 5 s for every `max_concurrency` shards.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { FailoverWorld } from './failover-world.js'

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '3' },
    lease: { type: 'string', default: '30000,5000' },
    only: { type: 'string', default: '' },
  },
})
const repetitions = Number(values.repetitions)
const leases = values.lease.split(',').map(Number)

/** Does something to a world; resolves to the number of shards whose sessions end by it. */
const failures = {
  'kill -9 of an instance': (world) => {
    process.kill(world.botsOn('m0')[0], 'SIGKILL')
    return 2
  },
  'kill -9 of a child manager, started again': async (world) => {
    await world.killChild(0)
    await world.startChild(0)
    return 4
  },
  'kill -9 of the parent, started again': async (world) => {
    await world.killParent()
    await world.startParent()
    // What it would restart, it has begun to restart by then.
    await delay(2_000)
    return 0
  },
  'a link down for 3 s': (world) => linkDown(world, 3_000),
  'a link down for 30 s': (world) => linkDown(world, 30_000),
  'a machine without power': (world) => {
    world.cutPower(0)
    return 4
  },
  'a child manager stopped for good (SIGSTOP)': (world) => {
    world.stopChild(0)
    return 4
  },
}

/** A machine that is cut off for longer than its lease stops its bots; under `hold` nothing happens. */
async function linkDown(world, forMs) {
  world.link.down()
  await delay(forMs)
  world.link.up()
  const isLost = world.leaseMs !== undefined && world.leaseMs <= forMs
  // What it would restart, it has begun to restart by then.
  if (!isLost) await delay(5_000)
  return isLost ? 4 : 0
}

/** `hold` has no answer to a machine that stays away. */
const byPolicy = {
  hold: Object.keys(failures).slice(0, 5),
  reassign: Object.keys(failures),
}

async function measure(leaseMs, name) {
  const world = await FailoverWorld.start(leaseMs)
  try {
    const watch = world.watch()
    const count = await failures[name](world)
    await watch.renewed(count)
    return watch.result()
  } finally {
    await world.end()
  }
}

const seconds = (ms) => (ms / 1_000).toFixed(1)

function range(all) {
  const [least, most] = [seconds(Math.min(...all)), seconds(Math.max(...all))]
  return least === most ? least : `${least}-${most}`
}

async function row(policy, leaseMs, name) {
  const results = []
  while (results.length < repetitions) results.push(await measure(leaseMs, name))
  const column = (key) => results.map((result) => result[key])
  const cells = [
    leaseMs === undefined ? policy : `${policy}, leaseMs ${leaseMs}`,
    name,
    range(column('wholeMs')),
    range(column('darkMs')),
    [...new Set(column('begunAnew'))].join(', '),
    column('duplicates').reduce((sum, count) => sum + count, 0),
  ]
  console.log(`| ${cells.join(' | ')} |`)
  return cells.at(-1)
}

console.log(
  '| policy | failure | all shards back after, s | longest dark, s | sessions begun anew, of 12 | second sessions |',
)
console.log('| --- | --- | --- | --- | --- | --- |')
let duplicates = 0
for (const leaseMs of [undefined, ...leases]) {
  const policy = leaseMs === undefined ? 'hold' : 'reassign'
  for (const name of byPolicy[policy].filter((one) => one.startsWith(values.only))) {
    duplicates += await row(policy, leaseMs, name)
  }
}
process.exitCode = duplicates === 0 ? 0 : 1
