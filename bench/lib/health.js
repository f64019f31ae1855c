/** How a process fares: its memory, and how late its event loop runs. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How often the event loop is asked to be on time. */
const resolutionMs = 5

setFlagsFromString('--expose-gc')
/** @type {() => void} */
const collectGarbage = runInNewContext('gc')

/** Bytes that are still in use when all garbage is gone; buffers outside of the heap included. */
export function keptBytes() {
  // What finalizers let go of in the first collection, the second one frees.
  collectGarbage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Watches the process it is called in, from `begin` on; these are ops for `answer()`. */
export function watchHealth() {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs })
  // The histogram holds the time from one look to the next, not how late the second one was.
  const lateMs = (ns) => Math.max(0, ns / 1e6 - resolutionMs)
  return {
    sample() {
      const { rss, heapUsed } = process.memoryUsage()
      return { rss, heapUsed }
    },
    begin() {
      delays.enable()
      delays.reset()
    },
    loop: () => ({
      p50Ms: lateMs(delays.percentile(50)),
      p99Ms: lateMs(delays.percentile(99)),
      maxMs: lateMs(delays.max),
    }),
  }
}
