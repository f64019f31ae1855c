/** Two machines, a manager of all, and an instance 0 that asks: ours, others, and the floor. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { figureOf } from '../lib/cpu.js'
import { ProcessGroup } from '../lib/group.js'
import { freePort } from '../link/contenders/raw-sockets.js'

const machines = 2
/** Four a second: bots in many workers take their time. */
const settledTriesMax = 400
const here = (file) => new URL(file, import.meta.url)

/** One process is asked to measure; what it costs is what all of them took. @param {ProcessGroup} group */
function runningOf(group, asker) {
  const pids = group.processes.map(({ pid }) => pid)
  return {
    measure: (what, ms) => figureOf(what, pids, () => asker.ask('measure', { ...what, ms })),
    processes: group.processes,
    stop: () => group.stop(),
  }
}

/** @param {'processes' | 'workers'} mode @param {number} perMachine */
export const startOurs = (mode, perMachine) =>
  ProcessGroup.start(async (group) => {
    const env = { BENCH_INSTANCES: String(machines * perMachine) }
    for (let index = 0; index < machines; index += 1) {
      const settings = { stateDir: group.stateDir(`child-${index}`) }
      await group.add(here('machines-child.js'), settings, env)
    }
    const ports = await Promise.all(group.processes.map((child) => child.ask('port')))
    const settings = { stateDir: group.stateDir('parent'), ports, mode, perMachine }
    const parent = await group.add(here('machines-parent.js'), settings)
    return runningOf(group, parent)
  })

/**
 * @param {'processes' | 'workers'} mode
 * @param {number} perMachine
 * @param {object} [options]
 * @param {boolean} [options.isAsked] false: whether its bots answer each other yet does not matter
 * @param {readonly string[]} [options.calls] what has to work before anything is measured
 */
export async function startCrossHosting(mode, perMachine, options = {}) {
  const { isAsked = true, calls = ['broadcast', 'eval', 'request'] } = options
  const count = machines * perMachine
  const port = await freePort()
  const settings = { port, authToken: randomUUID(), machines, count, mode, perMachine, calls }
  return ProcessGroup.start(async (group) => {
    await group.add(here('cross-hosting-bridge.cjs'), settings)
    for (let index = 0; index < machines; index += 1) {
      await group.add(here('cross-hosting-machine.cjs'), settings)
    }
    const asker = group.processes[1]
    if (isAsked) await settled(asker)
    return runningOf(group, asker)
  })
}

/** spawn() ends before the last bot is ready, and nothing says when all are. */
async function settled(asker) {
  for (let tries = 0; ; tries += 1) {
    try {
      await asker.ask('check')
      return
    } catch (error) {
      if (tries === settledTriesMax) throw error
      await delay(250)
    }
  }
}

/**
 * The same processes in the same star, which only pass bytes on: what no product gets under.
 *
 * @param {number} perMachine
 */
export const startFloor = (perMachine) =>
  ProcessGroup.start(async (group) => {
    const count = machines * perMachine
    for (let index = 0; index < machines; index += 1) {
      await group.add(here('floor/child.js'), { first: index * perMachine, perMachine, count })
    }
    const ports = await Promise.all(group.processes.map((child) => child.ask('port')))
    await group.add(here('floor/parent.js'), { ports, perMachine })
    const [asker] = group.processes
    await asker.ask('check')
    return runningOf(group, asker)
  })
