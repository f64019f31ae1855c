/** The memory of other processes, as the system tells it: on Linux, elsewhere nobody does. */
import { readdirSync, readFileSync } from 'node:fs'

const kibPerMib = 1_024
const isTold = process.platform === 'linux'

/**
 * What of a process is in memory, and what of that it shares with no other one, in MiB.
 *
 * @param {number} pid
 * @returns {{ resident: number, own: number } | undefined}
 */
export function residentMiB(pid) {
  if (!isTold) return undefined
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1])
  const own = kib('Private_Clean') + kib('Private_Dirty')
  return { resident: kib('Rss') / kibPerMib, own: own / kibPerMib }
}

/** The processes that a process has started and that still run. @param {number} pid @returns {number[]} */
export function childrenOf(pid) {
  if (!isTold) return []
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
    .filter((text) => text !== '')
    .map(Number)
}
