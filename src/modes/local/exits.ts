/** What the exit of an instance says. Pure. */
import { spawnLoopExitCode } from '../../instances/spawn-loop.js'
import type { ExitSummary } from './fleet-types.js'
import type { InstanceExit } from './launcher.js'

/** The exit as it is reported, also to other machines. */
export function summaryOf({ code, signal, error }: InstanceExit): ExitSummary {
  return error === undefined ? { code, signal } : { code, signal, message: error.message }
}

export function exitInWords({ code, signal, error }: InstanceExit): string {
  if (error !== undefined) return error.message
  return signal === null ? `exit code ${code}` : `signal ${signal}`
}

/** Whether it ended because its file, which should be the bot's, makes a manager. */
export function isSpawnLoop({ code }: InstanceExit): boolean {
  return code === spawnLoopExitCode
}
