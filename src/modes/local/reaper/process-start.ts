/** When a process was started, as far as the system tells. */
import { existsSync, readFileSync } from 'node:fs'
import { unknownStart } from './reaper-ledger.js'

/** The fields of proc_pid_stat(5) after the command name, which may itself hold spaces and brackets. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** Field 3, the state, is the first after the name; field 22 is the start time in clock ticks. */
function startTimeFromProc(pid: number): string | undefined {
  try {
    const fields = statFields(pid)
    const ended = fields[0] === 'Z' || fields[0] === 'X'
    return ended ? undefined : (fields[19] ?? unknownStart)
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const hasProc = process.platform === 'linux' && existsSync('/proc/self/stat')

/** See {@link StartTimeOf}; zombies count as gone. */
export function startTimeOf(pid: number): string | undefined {
  if (hasProc) return startTimeFromProc(pid)
  return isAlive(pid) ? unknownStart : undefined
}
