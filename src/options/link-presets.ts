/**
 * Numbers that belong together, for three kinds of networks, each with its reason. `lan` is the
 * default. A preset gives defaults: what is given explicitly wins.
 *
 * All of them rest on one thought: what is sent over a cut connection is sent again by the session,
 * so cutting a living one costs a reconnect, and sparing a dead one costs answers that come late.
 */
import { limits } from '../limits.js'

export type LinkPreset = 'local' | 'lan' | 'wan'

/** How a link is watched, kept and mended. */
export interface LinkTuning {
  /** Time between two heartbeats, ms. */
  readonly heartbeatMs: number
  /** After so much silence a connection counts as lost, ms. */
  readonly silenceMs: number
  /** How long a broken link may take to come back before its messages count as lost, ms. */
  readonly resumeWindowMs: number
  /** Bytes that one side keeps until the other has confirmed them. */
  readonly bufferBytesMax: number
  /** Round trip above which a link warns, ms. */
  readonly pingWarningMs: number
  /** First and longest delay before a broken connection is dialled again, ms. */
  readonly redial: { readonly redialDelayMsMin: number; readonly redialDelayMsMax: number }
}

/** The guide of discordoo names 50 ms as the largest ping that users do not feel. */
const bearablePingMs = 50

const lan: LinkTuning = {
  // One lost packet is sent again within it, and thirty links cost fifteen small frames a second.
  heartbeatMs: 2_000,
  // Four beats. Blocks of an event loop that bots get away with (a large JSON, a full garbage
  // collection) take one to three seconds; a machine without power is found within ten.
  silenceMs: 8_000,
  // A switch that restarts, a cable that is changed, a short look at a firewall.
  resumeWindowMs: limits.sessionResumeWindowMs,
  // Four of the largest messages, or a minute of a busy bot.
  bufferBytesMax: limits.sessionBufferBytesMax,
  pingWarningMs: bearablePingMs,
  redial: {
    // Longer than a TCP reset and a new accept take, far shorter than anybody notices.
    redialDelayMsMin: 250,
    redialDelayMsMax: limits.redialDelayMsMax,
  },
}

export const linkPresets: Readonly<Record<LinkPreset, LinkTuning>> = {
  /** Managers on one computer: nothing is lost on the way, and whoever is gone was killed. */
  local: {
    ...lan,
    // Beats cost next to nothing here, and a manager that was killed ends its connection by itself.
    heartbeatMs: 500,
    // Not four beats: the event loops are the same as anywhere, so a block is as long.
    silenceMs: 5_000,
    // A manager that is not back by then was restarted, and has forgotten the session.
    resumeWindowMs: 30_000,
    redial: { redialDelayMsMin: 100, redialDelayMsMax: 2_000 },
  },
  /** Servers of one site, or of sites near to each other. */
  lan,
  /** Machines far apart, over the internet or a tunnel through it. */
  wan: {
    ...lan,
    // Round trips of a second happen in bad hours; beats in closer order would tell nothing new.
    heartbeatMs: 5_000,
    // A route that changes takes up to a quarter of a minute to be usable again.
    silenceMs: 20_000,
    // An outage of a provider that is worth waiting for; the buffer bounds what it can cost.
    resumeWindowMs: 300_000,
    // Across an ocean light alone takes 100 ms; a warning at every beat would be noise.
    pingWarningMs: 250,
    // A path that is gone is not back at once.
    redial: { redialDelayMsMin: 500, redialDelayMsMax: limits.redialDelayMsMax },
  },
}
