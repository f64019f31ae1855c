/** Looks at processes of this machine; Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

interface FoundProcess {
  readonly pid: number
  readonly command: string
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** State letter, parent and process group of a process; undefined when there is none. */
function stateOf(pid: number): { state: string; parent: number; group: number } | undefined {
  const stat = textOf(`/proc/${pid}/stat`)
  const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (state === undefined || state === '') return undefined
  return { state, parent: Number(parent), group: Number(group) }
}

/** Zombies, which wait for whoever started them, do not run. */
export function isRunning(pid: number): boolean {
  const found = stateOf(pid)
  return found !== undefined && found.state !== 'Z'
}

/** Stopped by SIGSTOP. */
export function isStopped(pid: number): boolean {
  return stateOf(pid)?.state === 'T'
}

/** Command line, or the title that replaced it. */
export function titleOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
}

function childrenOf(pid: number): FoundProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => stateOf(candidate)?.parent === pid)
    .map((child) => ({ pid: child, command: titleOf(child) }))
}

/** The reaper of a manager, by its file and, once it runs, by its title. */
export function findReaper(manager: number): number | undefined {
  return childrenOf(manager).find(({ command }) => /reaper/.test(command))?.pid
}

/** The reaper of a manager that must have one. */
export function reaperOf(manager: number): number {
  const found = findReaper(manager)
  if (found === undefined) throw new Error(`process ${manager} has no reaper`)
  return found
}

/** Running processes of a process group, and their command lines. */
export function processesOfGroup(group: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => stateOf(pid)?.group === group && isRunning(pid))
    .map((pid) => `${pid} ${titleOf(pid)}`)
}

/** Processes that started with this text in their environment, and their command lines. */
export function processesMarked(mark: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => textOf(`/proc/${pid}/environ`).includes(mark) && isRunning(pid))
    .map((pid) => `${pid} ${titleOf(pid)}`)
}
