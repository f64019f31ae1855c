/**
 * Processor time of a contender, over all of its processes: on a machine that others use as well it
 * says more than any clock. Linux only, where /proc tells it.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks per second that /proc counts in, on every Linux there is. */
const ticksPerSecond = 100

/** @param {string} text of /proc/pid/stat; the name in it may hold anything */
function parse(text) {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
}

function allProcesses() {
  const processes = new Map()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      processes.set(Number(name), parse(readFileSync(`/proc/${name}/stat`, 'utf8')))
    } catch {
      // It has ended in the meantime.
    }
  }
  return processes
}

/**
 * Microseconds that these processes and everything below them have used; NaN where nobody tells.
 *
 * @param {readonly number[]} roots
 */
export function cpuUs(roots) {
  if (process.platform !== 'linux') return Number.NaN
  const processes = allProcesses()
  const isBelow = (pid) => {
    for (let at = pid; at > 1; at = processes.get(at)?.parent ?? 0) {
      if (roots.includes(at)) return true
    }
    return false
  }
  let ticks = 0
  for (const [pid, one] of processes) if (isBelow(pid)) ticks += one.ticks
  return (ticks / ticksPerSecond) * 1e6
}

/**
 * What a measure says: its rate or latency, or what an operation took of the processors.
 *
 * @param {{ load: unknown, cpu?: boolean }} what
 * @param {readonly number[]} pids
 * @param {() => Promise<{ p50Us: number, perSecond: number, done: number }>} work
 */
export async function figureOf({ load, cpu }, pids, work) {
  const before = cpu ? cpuUs(pids) : 0
  const { p50Us, perSecond, done } = await work()
  if (cpu) return (cpuUs(pids) - before) / done
  return load === 1 ? p50Us : perSecond
}
