/** Processes whose memory is looked at: each contender starts what it needs and looks at one of them. */
import { ProcessGroup } from '../lib/group.js'
import { childrenOf, residentMiB } from '../lib/resident.js'
import { startCrossHosting } from '../machines/contenders.js'

const mib = 2 ** 20
const parentFile = new URL('../lib/star-parent.js', import.meta.url)
const here = (file) => new URL(file, import.meta.url)

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

/** What `work` gives of a group is what is looked at. */
const started = (work) =>
  ProcessGroup.start(async (group) => ({
    measure: measureOf(...(await work(group))),
    stop: () => group.stop(),
  }))

export const bareProcess = () =>
  started(async (group) => [await (await group.add(here('bare.js'))).ask('bot')])

/** @param {string} bot a file */
export const instance = (bot) =>
  started(async (group) => [await (await group.add(here('local.js'), { bot })).ask('bot')])

/** @param {'idle' | 'manager' | 'reaper'} which the manager without a parent, or one of the two with it */
export const child = (which) =>
  started(async (group) => {
    const manager = await group.add(here('child.js'), { stateDir: group.stateDir('child') })
    if (which !== 'idle') {
      const ports = [await manager.ask('port')]
      await group.add(parentFile, { stateDir: group.stateDir('parent'), ports, perMachine: 1 })
    }
    if (which !== 'reaper') return [manager.pid, manager]
    const bots = await manager.ask('bots')
    return childrenOf(manager.pid).filter((pid) => !bots.includes(pid))
  })

/** @param {number} machines @param {number} perMachine instances, which are stand-ins */
export const parent = (machines, perMachine) =>
  started(async (group) => {
    const settings = { count: machines, stateDir: group.stateDir('children') }
    const ports = await (await group.add(here('stand-in-children.js'), settings)).ask('ports')
    const one = await group.add(parentFile, {
      stateDir: group.stateDir('parent'),
      ports,
      perMachine,
    })
    return [one.pid, one]
  })

/** @param {'bridge' | 'machine'} which */
export async function peer(which) {
  const { processes, stop } = await startCrossHosting('processes', 1, { isAsked: false })
  const one = processes[which === 'bridge' ? 0 : 1]
  return { measure: measureOf(one.pid, one), stop }
}
