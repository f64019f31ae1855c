/** What bots say to the manager of all: plain messages, and words of their dialects. */
import { decodeBody } from '../routing/body-codec.js'
import { isInstance } from '../routing/endpoint.js'
import { type EnvelopeHeader, Verb } from '../routing/envelope.js'
import { bodyOf } from '../routing/envelope-codec.js'
import { isRecord } from '../routing/records.js'
import { isDuration } from './duration.js'

/** How `respawnAll` goes through the instances. */
export interface RespawnAllTimes {
  /** Between the starts of two instances, ms. */
  readonly shardDelayMs: number
  /** Between the end of an instance and its start, ms. */
  readonly respawnDelayMs: number
  /** Longest time until an instance is ready, ms; undefined: no longer than its start may take. */
  readonly timeoutMs: number | undefined
}

export type Mail =
  /** For the `message` event; `instance` is undefined when a manager sent it. */
  | { readonly type: 'message'; readonly message: unknown; readonly instance: number | undefined }
  | { readonly type: 'respawn-all'; readonly times: RespawnAllTimes }
  /** discordoo: a request to Discord was made. */
  | { readonly type: 'rest-sync'; readonly success: boolean }
  /** discordoo: requests to Discord must rest until then (ms since the Unix epoch). */
  | { readonly type: 'emergency'; readonly kind: number; readonly blockUntil: number }

/** Undefined: it makes no sense. Throws DM_BODY_INVALID for a body that cannot be read. */
export function readMail(envelope: Uint8Array, { verb, source }: EnvelopeHeader): Mail | undefined {
  const body = decodeBody(bodyOf(envelope))
  const instance = isInstance(source) ? source : undefined
  if (verb === Verb.MESSAGE) return { type: 'message', message: body, instance }
  if (!isRecord(body)) return undefined
  switch (body.op) {
    case 'message':
      return { type: 'message', message: body.message, instance }
    case 'respawn-all':
      return respawnAll(body)
    case 'rest-sync':
      return { type: 'rest-sync', success: body.success === true }
    case 'emergency': {
      const { kind, blockUntil } = body
      if (!Number.isFinite(kind) || !Number.isFinite(blockUntil)) return undefined
      return { type: 'emergency', kind: Number(kind), blockUntil: Number(blockUntil) }
    }
    default:
      return undefined
  }
}

function respawnAll(body: Readonly<Record<string, unknown>>): Mail | undefined {
  const { shardDelayMs, respawnDelayMs, timeoutMs } = body
  if (!isDuration(shardDelayMs) || !isDuration(respawnDelayMs)) return undefined
  // discord.js: -1 and Infinity do not wait for ready; JSON makes null of the latter.
  const times = {
    shardDelayMs,
    respawnDelayMs,
    timeoutMs: isDuration(timeoutMs) ? timeoutMs : undefined,
  }
  return { type: 'respawn-all', times }
}
