/** Two machines, a manager of all, and an instance 0 that asks: ours, others, and the floor. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { figureOf } from '../lib/cpu.js'
import { startProcess } from '../lib/processes.js'
import { freePort } from '../link/contenders/raw-sockets.js'

const machines = 2
/** Four a second: bots in many workers take their time. */
const settledTriesMax = 400
const here = (file) => new URL(file, import.meta.url)
const withSettings = (settings) => ({ args: [JSON.stringify(settings)] })

/** Asks one process to measure; what it costs is what all of them took. */
function measureOf(processes, asker) {
  const pids = processes.map(({ pid }) => pid)
  return (what, ms) => figureOf(what, pids, () => asker.ask('measure', { ...what, ms }))
}

/** Stops in the reverse order of the starts. */
async function stopAll(processes) {
  for (const one of processes.toReversed()) await one.stop()
}

/** @param {'processes' | 'workers'} mode @param {number} perMachine */
export async function startOurs(mode, perMachine) {
  const folder = await mkdtemp(join(tmpdir(), 'discordoo-machines-bench-'))
  const env = { BENCH_INSTANCES: String(machines * perMachine) }
  const started = []
  const stop = async () => {
    await stopAll(started)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    for (let index = 0; index < machines; index += 1) {
      const settings = { stateDir: join(folder, `child-${index}`) }
      started.push(
        await startProcess(here('machines-child.js'), { ...withSettings(settings), env }),
      )
    }
    const ports = await Promise.all(started.map((child) => child.ask('port')))
    const settings = { stateDir: join(folder, 'parent'), ports, mode, perMachine }
    const parent = await startProcess(here('machines-parent.js'), withSettings(settings))
    started.push(parent)
    return { measure: measureOf(started, parent), processes: started, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

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
  const started = []
  try {
    started.push(await startProcess(here('cross-hosting-bridge.cjs'), withSettings(settings)))
    for (let index = 0; index < machines; index += 1) {
      started.push(await startProcess(here('cross-hosting-machine.cjs'), withSettings(settings)))
    }
    const asker = started[1]
    if (isAsked) await settled(asker)
    const stop = () => stopAll(started)
    return { measure: measureOf(started, asker), processes: started, stop }
  } catch (error) {
    await stopAll(started)
    throw error
  }
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
export async function startFloor(perMachine) {
  const count = machines * perMachine
  const started = []
  try {
    for (let index = 0; index < machines; index += 1) {
      const settings = { first: index * perMachine, perMachine, count }
      started.push(await startProcess(here('floor/child.js'), withSettings(settings)))
    }
    const ports = await Promise.all(started.map((child) => child.ask('port')))
    const settings = { ports, perMachine }
    started.push(await startProcess(here('floor/parent.js'), withSettings(settings)))
    const [asker] = started
    await asker.ask('check')
    return { measure: measureOf(started, asker), stop: () => stopAll(started) }
  } catch (error) {
    await stopAll(started)
    throw error
  }
}
