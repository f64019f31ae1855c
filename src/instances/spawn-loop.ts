/** Refuses a manager inside an instance: it would start itself again and again. */
import cluster from 'node:cluster'
import { isMainThread } from 'node:worker_threads'
import { MachinesError } from '../errors.js'
import { identityVariable } from './channel/instance-channel.js'

/**
 * Exit code of an instance that ended because it was refused a manager. The manager that started it
 * sees by it that another attempt would end the same way.
 */
export const spawnLoopExitCode = 88

/** discordoo's own mark of an instance. */
const discordooVariable = 'SHARDING_MANAGER_IPC'

/**
 * Throws DM_SPAWN_LOOP in a forked process, worker or cluster worker that a manager of ours or of
 * discordoo started. As in discordoo, a plain main process may inherit the variables.
 */
export function refuseSpawnLoop(env: Readonly<Record<string, string | undefined>>): void {
  const marked = env[identityVariable] !== undefined || env[discordooVariable] !== undefined
  const started = process.send !== undefined || !isMainThread || cluster.isWorker
  if (!marked || !started) return
  // Whoever catches the error and goes on, or ends well, has no such exit code.
  process.once('exit', (code) => {
    if (code !== 0) process.exitCode = spawnLoopExitCode
  })
  const message =
    'spawning loop detected: a ShardingManager was created inside an instance; ' +
    'is `file` the manager file instead of the bot file?'
  throw new MachinesError('DM_SPAWN_LOOP', message)
}
