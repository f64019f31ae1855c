/** Tells the manager every few seconds how much memory the instance takes. */
import type { InstanceIdentity } from '../instances/channel/instance-channel.js'
import { limits } from '../limits.js'
import type { Cancel, System } from '../system/system.js'

/**
 * Memory of this instance in bytes, as far as Node.js tells.
 *
 * Processes and clusters: what the system has given to the process (resident set size). A worker
 * shares its process with others, so there it is what its own isolate holds: the heap, and what lies
 * outside of it for its sake, such as Buffers. Memory of native code and stacks counts for nobody.
 */
export function memoryBytes(mode: InstanceIdentity['mode']): number {
  if (mode !== 'workers') return process.memoryUsage.rss()
  const { heapTotal, external } = process.memoryUsage()
  return heapTotal + external
}

/**
 * Reports every memoryReportEveryMs until cancelled, and not at once: the first look takes 0.4 ms of a
 * start, when the bot has loaded nothing yet. Keeps nothing alive.
 */
export function reportMemory(
  system: System,
  measure: () => number,
  report: (bytes: number) => void,
): Cancel {
  let cancel: Cancel
  const wait = (): void => {
    cancel = system.setTimer(limits.memoryReportEveryMs, () => {
      report(measure())
      wait()
    })
  }
  wait()
  return () => cancel()
}
