/** Processes whose memory is looked at: each contender starts what it needs and looks at one of them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from '../lib/processes.js'
import { childrenOf, residentMiB } from '../lib/resident.js'
import { startCrossHosting } from '../machines/contenders.js'

const mib = 2 ** 20
const parentFile = new URL('../lib/star-parent.js', import.meta.url)
const here = (file) => new URL(file, import.meta.url)
const withSettings = (settings) => ({ args: [JSON.stringify(settings)] })

/** @param {number} pid @param {import('../lib/processes.js').BenchProcess} [process] if it is one of the bench */
const measureOf =
  (pid, process) =>
  async ({ what, afterGarbage }) => {
    if (!afterGarbage) return residentMiB(pid)?.[what]
    // Others cannot be told to let go of their garbage.
    if (process === undefined) return undefined
    const kept = await process.ask('kept')
    return what === 'kept' ? kept / mib : residentMiB(pid)?.[what]
  }

/** Runs `work` with a state folder and a way to start processes; what it gives is what is looked at. */
async function started(work) {
  const folder = await mkdtemp(join(tmpdir(), 'discordoo-machines-bench-'))
  const processes = []
  const add = async (file, settings = {}) => {
    const one = await startProcess(file, withSettings(settings))
    processes.push(one)
    return one
  }
  const stop = async () => {
    for (const one of processes.toReversed()) await one.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    return { measure: measureOf(...(await work(add, folder))), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export const bareProcess = () =>
  started(async (add) => [await (await add(here('bare.js'))).ask('bot')])

/** @param {string} bot a file */
export const instance = (bot) =>
  started(async (add) => [await (await add(here('local.js'), { bot })).ask('bot')])

/** @param {'idle' | 'manager' | 'reaper'} which the manager without a parent, or one of the two with it */
export const child = (which) =>
  started(async (add, folder) => {
    const manager = await add(here('child.js'), { stateDir: join(folder, 'child') })
    if (which !== 'idle') {
      const ports = [await manager.ask('port')]
      await add(parentFile, { stateDir: join(folder, 'parent'), ports, perMachine: 1 })
    }
    if (which !== 'reaper') return [manager.pid, manager]
    const bots = await manager.ask('bots')
    return childrenOf(manager.pid).filter((pid) => !bots.includes(pid))
  })

/** @param {number} machines @param {number} perMachine instances, which are stand-ins */
export const parent = (machines, perMachine) =>
  started(async (add, folder) => {
    const settings = { count: machines, stateDir: join(folder, 'children') }
    const ports = await (await add(here('stand-in-children.js'), settings)).ask('ports')
    const one = await add(parentFile, { stateDir: join(folder, 'parent'), ports, perMachine })
    return [one.pid, one]
  })

/** @param {'bridge' | 'machine'} which */
export async function peer(which) {
  const { processes, stop } = await startCrossHosting('processes', 1, { isAsked: false })
  const one = processes[which === 'bridge' ? 0 : 1]
  return { measure: measureOf(one.pid, one), stop }
}
