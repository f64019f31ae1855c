/** The processes of this machine, as far as a manager has to know them. */
import { readFileSync } from 'node:fs'
import { startTimeOf } from '../../local/reaper/process-start.js'
import type { StartTimeOf } from '../../local/reaper/reaper-ledger.js'

export interface MachineProcesses {
  /** A new one with every start of the machine; undefined where the system has none. */
  readonly bootId: string | undefined
  /** Process id of this manager. */
  readonly self: number
  readonly startTimeOf: StartTimeOf
  /** Ends a process at once. Does nothing when it is gone or belongs to somebody else. */
  kill(pid: number): void
}

export const realProcesses: MachineProcesses = {
  bootId: readBootId(),
  self: process.pid,
  startTimeOf,
  kill(pid) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It exited since it was looked at, or whoever waits for it will say that it cannot be killed.
    }
  },
}

function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return undefined
  }
}
