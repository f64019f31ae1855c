/**
 * Epochs: numbers that say which start of a parent is the later one. Pure; `epoch-store.ts` keeps
 * them on disk.
 *
 * An epoch is about the time of the start in ms, and always above every earlier one of the same
 * state folder. So it grows when the clock goes back, and a parent that has lost its folder still
 * comes out above what its children have seen, unless its clock went back as well.
 */

/** Highest epoch that IDENTIFY and assignments can carry. */
export const epochMax: number = Number.MAX_SAFE_INTEGER

/**
 * The epoch of a start. `stored`: the highest one before it, if there was any; `wallClock`: ms since
 * the Unix epoch. From 1 to epochMax; undefined where nothing is left above `stored`.
 */
export function nextEpoch(stored: number | undefined, wallClock: number): number | undefined {
  const byClock = Math.min(Math.max(1, Math.floor(wallClock)), epochMax)
  const next = Math.max(byClock, (stored ?? 0) + 1)
  return next <= epochMax ? next : undefined
}

/** The name of the file that stands for an epoch. */
export function epochFileName(epoch: number): string {
  return `epoch-${epoch}`
}

/**
 * The epoch that a file name stands for; undefined for all other files. What is above epochMax
 * counts as epochMax, so that it is not taken for something lower.
 */
export function epochOfFile(name: string): number | undefined {
  const digits = /^epoch-(\d+)$/.exec(name)?.[1]
  return digits === undefined ? undefined : Math.min(Number(digits), epochMax)
}
