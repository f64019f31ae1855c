/** Whether memory grows, from samples of a process over time. */
import { slope, summary } from '../lib/statistics.js'

const mib = 2 ** 20
const secondsPerHour = 3_600
/** Into so many windows a run is cut; the least of each is looked at, as garbage comes and goes. */
const windows = 30
/** Growth up to this is noise: code that was compiled, pages that the allocator keeps. */
const noise = { residentMiB: 6, residentShare: 0.05, inUseMiB: 1 }
/** A slope of fewer standard errors is none. */
const errorsOfSlope = 3

/**
 * @param {readonly { seconds: number, rss: number, heapUsed: number }[]} samples
 * @param {{ before: number, after: number }} kept bytes in use without traffic and garbage
 */
export function memoryOf(samples, kept) {
  const resident = trend(leastOfWindows(samples, ({ rss }) => rss / mib))
  const heap = trend(leastOfWindows(samples, ({ heapUsed }) => heapUsed / mib))
  const inUse = { before: kept.before / mib, after: kept.after / mib }
  return { resident, heap, inUse, verdict: verdictOf(resident, inUse) }
}

/** @returns {'flat' | 'rises' | 'grows'} `rises`: surely, and by no more than noise may be */
function verdictOf({ firstThird, lastThird, perHour, perHourError }, inUse) {
  const bound = Math.max(noise.residentMiB, noise.residentShare * firstThird)
  if (inUse.after - inUse.before > noise.inUseMiB) return 'grows'
  if (lastThird - firstThird > bound) return 'grows'
  return perHour > errorsOfSlope * perHourError ? 'rises' : 'flat'
}

function leastOfWindows(samples, pick) {
  const length = Math.max(1, samples.length / windows)
  const points = []
  for (let at = 0; at < samples.length; at += length) {
    const window = samples.slice(Math.floor(at), Math.ceil(at + length))
    const least = window.reduce((a, b) => (pick(b) < pick(a) ? b : a))
    points.push({ seconds: least.seconds, value: pick(least) })
  }
  return points
}

/** @param {readonly { value: number }[]} points */
const median = (points) => summary(points.map(({ value }) => value)).median

function trend(points) {
  const third = Math.ceil(points.length / 3)
  const { perSecond, error } = slope(points)
  return {
    firstThird: median(points.slice(0, third)),
    lastThird: median(points.slice(-third)),
    perHour: perSecond * secondsPerHour,
    perHourError: error * secondsPerHour,
  }
}
