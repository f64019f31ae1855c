/** Goes through instances a few at a time, so that the bot goes on serving with all the others. */
import { type System, sleep } from './system/system.js'

export interface RollingPace {
  /** Instances that may be under way at one time. */
  readonly concurrency: number
  /** Between the end of one restart and the beginning of the next in its place, ms. */
  readonly delayMs: number
}

/**
 * Calls `restart` for each id, in order.
 *
 * The first that rejects ends it: no other is begun, those under way are waited for, and then the
 * whole rejects with that first error.
 */
export async function rollingRestart(
  instances: readonly number[],
  restart: (instance: number) => Promise<void>,
  { concurrency, delayMs }: RollingPace,
  system: System,
): Promise<void> {
  const left = [...instances]
  const failed = new AbortController()
  const lanes = Array.from({ length: Math.min(concurrency, left.length) }, () => runLane())
  await Promise.all(lanes)
  if (failed.signal.aborted) throw failed.signal.reason

  async function runLane(): Promise<void> {
    // One after the other is the whole point of a lane.
    for (let id = left.shift(); id !== undefined && !failed.signal.aborted; id = left.shift()) {
      try {
        // oxlint-disable-next-line no-await-in-loop
        await restart(id)
        // oxlint-disable-next-line no-await-in-loop
        if (delayMs > 0 && left.length > 0) await sleep(system, delayMs, failed.signal)
      } catch (error) {
        // A pause that another lane has cut short ends here too; only the first reason counts.
        failed.abort(error)
      }
    }
  }
}
