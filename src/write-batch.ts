/**
 * When messages of one turn leave together. Links and local channels write at the end of the turn, or
 * as soon as so much waits that a write is worth its cost: the other side then begins with it while
 * this one makes the next. Without the second bound a batch of small messages would keep one process
 * busy at a time on its way through all of them, and the other processors idle.
 */
const bytesMax = 8 * 1024
const framesMax = 24

/** Whether what waits need not wait for the end of the turn. */
export function isWorthWriting(frames: number, bytes: number): boolean {
  return frames >= framesMax || bytes >= bytesMax
}
