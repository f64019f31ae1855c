/** Options of how a link is watched and kept: a preset, and what wins over it. */
import { limits } from '../limits.js'
import { type Check, duration, integer, oneOf } from './checks.js'
import { type LinkPreset, type LinkTuning, linkPresets } from './link-presets.js'
import { object, optional, withDefault } from './object-check.js'
import type { Place } from './place.js'

/** Of `machines.link`. */
export interface GivenTuning {
  readonly preset: LinkPreset
  readonly heartbeatMs: number | undefined
  readonly silenceMs: number | undefined
  readonly resumeWindowMs: number | undefined
  readonly bufferBytesMax: number | undefined
}

export const defaultTuning: GivenTuning = {
  preset: 'lan',
  heartbeatMs: undefined,
  silenceMs: undefined,
  resumeWindowMs: undefined,
  bufferBytesMax: undefined,
}

/** Fewer beats than that in a silence, and one lost packet would end a connection. */
const silentBeatsMin = 2
/** How many beats of a heartbeat that was given explicitly are bearable. */
const silentBeats = 4

export const heartbeat: Check<number> = duration(limits.heartbeatMsMin, limits.heartbeatMsMax)

export const tuning: Check<GivenTuning> = object<GivenTuning>({
  preset: withDefault(oneOf(['local', 'lan', 'wan']), defaultTuning.preset),
  heartbeatMs: optional(heartbeat),
  silenceMs: optional(duration(limits.heartbeatMsMin * silentBeatsMin, limits.silenceMsMax)),
  resumeWindowMs: optional(duration(1_000, limits.sessionResumeWindowMsMax)),
  bufferBytesMax: optional(
    integer(limits.sessionBufferBytesMin, limits.sessionBufferBytesTop, 'an integer of bytes'),
  ),
})

interface GivenWatch {
  readonly link: GivenTuning
  readonly heartbeatMs: number | undefined
  readonly pingWarningMs: number | undefined
}

/** The preset with all that was given on top of it; undefined when that contradicts itself. */
export function resolveTuning(given: GivenWatch, at: Place): LinkTuning | undefined {
  const { link } = given
  const preset = linkPresets[link.preset]
  if (link.heartbeatMs !== undefined && given.heartbeatMs !== undefined) {
    const sentence = 'given in machines.heartbeatMs too; give it once'
    return at.child('link').child('heartbeatMs').fault('DM_OPTION_CONFLICT', sentence)
  }
  const ownHeartbeatMs = link.heartbeatMs ?? given.heartbeatMs
  const heartbeatMs = ownHeartbeatMs ?? preset.heartbeatMs
  const usual = ownHeartbeatMs === undefined ? preset.silenceMs : ownHeartbeatMs * silentBeats
  const silenceMs = link.silenceMs ?? usual
  if (silenceMs < heartbeatMs * silentBeatsMin) {
    const allowed = `at least ${silentBeatsMin} heartbeats, which are ${heartbeatMs * silentBeatsMin} ms`
    const place = at.child('link').child('silenceMs')
    return place.expected('DM_OPTION_CONFLICT', allowed, silenceMs)
  }
  return {
    ...preset,
    heartbeatMs,
    silenceMs,
    resumeWindowMs: link.resumeWindowMs ?? preset.resumeWindowMs,
    bufferBytesMax: link.bufferBytesMax ?? preset.bufferBytesMax,
    pingWarningMs: given.pingWarningMs ?? preset.pingWarningMs,
  }
}
