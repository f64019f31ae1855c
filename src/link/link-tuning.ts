/** The numbers of one end of a link, with what stands in for those that were not given. */
import { limits } from '../limits.js'
import type { LinkSetup } from './establish.js'
import type { HeartbeatTiming } from './heartbeat.js'

interface EndTuning {
  readonly timing: HeartbeatTiming
  readonly resumeWindowMs: number
  readonly bufferBytesMax: number
  /** A producer that waits for room is told to go on when no more than this is kept. */
  readonly readyBytesMax: number
}

/** Silence that is bearable when nothing else was said, in heartbeats. */
const bearableBeats = 4

/** Low enough that a burst fits after it, and high enough that the line never runs dry. */
const readyShare = 1 / 4

export function tuningOf({
  heartbeatMs,
  silenceMs = heartbeatMs * bearableBeats,
  resumeWindowMs = limits.sessionResumeWindowMs,
  bufferBytesMax = limits.sessionBufferBytesMax,
}: Omit<LinkSetup, 'trust' | 'secure'>): EndTuning {
  return {
    timing: { heartbeatMs, silenceMs },
    resumeWindowMs,
    bufferBytesMax,
    readyBytesMax: bufferBytesMax * readyShare,
  }
}
