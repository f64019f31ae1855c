/** Options of `ShardingManager.restart`, and their check. */
import { MachinesError } from './errors.js'
import { limits } from './limits.js'
import type { RollingPace } from './rolling-restart.js'
import type { Target } from './routing/target.js'

/** Options of {@link ShardingManager.restart}. */
export interface RestartOptions {
  /** Which instances. Default: all that this manager answers for. */
  readonly to?: Target
  /** Instances that may be down at one time, over all machines. Default 1. */
  readonly concurrency?: number
  /** Pause in ms after an instance is ready, before the next one takes its turn. Default 0. */
  readonly delayMs?: number
  /** Longest time in ms for the end and the start of one. Default: as long as its start may take. */
  readonly timeoutMs?: number
}

export interface CheckedRestart extends RollingPace {
  readonly to: Target
  readonly timeoutMs: number | undefined
}

/** Fills in the defaults. Throws DM_OPTION_TYPE and DM_OPTION_VALUE; `to` is checked elsewhere. */
export function checkRestart(options: RestartOptions): CheckedRestart {
  if (typeof options !== 'object' || options === null) {
    throw new MachinesError('DM_OPTION_TYPE', 'restart: only an object is allowed', {
      allowed: 'an object',
    })
  }
  const { to = 'all', concurrency = 1, delayMs = 0, timeoutMs } = options
  checkInteger('concurrency', concurrency, 1, limits.shardsMax)
  checkInteger('delayMs', delayMs, 0, limits.timeoutMsMax)
  if (timeoutMs !== undefined) checkInteger('timeoutMs', timeoutMs, 0, limits.timeoutMsMax)
  return { to, concurrency, delayMs, timeoutMs }
}

function checkInteger(path: string, value: unknown, min: number, max: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return
  const allowed = `an integer from ${min} to ${max}`
  const given = typeof value === 'number' ? String(value) : typeof value
  const code = typeof value === 'number' ? 'DM_OPTION_VALUE' : 'DM_OPTION_TYPE'
  throw new MachinesError(code, `${path}: expected ${allowed}, got ${given}`, {
    path,
    given,
    allowed,
  })
}
