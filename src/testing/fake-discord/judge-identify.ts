/** Whether an IDENTIFY may begin a session. */
import type { IdentifyData } from './client-payload.js'
import { type GatewayWorld, isTokenRight, type Refusal } from './gateway-rules.js'
import { areKnownIntents } from './protocol.js'

/** What an accepted IDENTIFY stands for. */
export interface Identity {
  readonly shard: number
  readonly total: number
  readonly intents: number
}

export type Verdict =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly refusal: Refusal }

/**
 * What can never be right comes first, then what is too much, and last what is only too early:
 * a client that is told to wait shall find nothing else wrong afterwards.
 */
export function judgeIdentify(data: IdentifyData, world: GatewayWorld, now: number): Verdict {
  const { rules } = world
  if (!isTokenRight(data.token, rules.token)) {
    return refused({ reason: 'token-wrong', detail: 'IDENTIFY holds a wrong token' })
  }
  const { intents } = data
  if (typeof intents !== 'number' || !Number.isInteger(intents) || !areKnownIntents(intents)) {
    return refused({ reason: 'intents-invalid', detail: `intents are ${show(intents)}` })
  }
  if ((intents & rules.disallowedIntents) !== 0) {
    return refused({ reason: 'intents-disallowed', detail: `intents are ${intents}` })
  }
  const place = placeOf(data.shard, rules.totalShards)
  if ('reason' in place) return refused(place)
  const refusal = startRefusal(place.shard, world, now)
  if (refusal !== undefined) return refused(refusal)
  return { ok: true, identity: { ...place, intents } }
}

function refused(refusal: Refusal): Verdict {
  return { ok: false, refusal }
}

function placeOf(given: unknown, totalShards: number): { shard: number; total: number } | Refusal {
  if (given === undefined || given === null) {
    if (totalShards === 1) return { shard: 0, total: 1 }
    const detail = `no [shard, total], and the bot has ${totalShards} shards`
    return { reason: 'sharding-required', detail }
  }
  const invalid: Refusal = {
    reason: 'shard-invalid',
    detail: `[shard, total] is ${show(given)}, and the bot has ${totalShards} shards`,
  }
  if (!Array.isArray(given) || given.length !== 2) return invalid
  const [shard, total]: unknown[] = given
  if (typeof shard !== 'number' || !Number.isInteger(shard) || total !== totalShards) return invalid
  return shard >= 0 && shard < totalShards ? { shard, total: totalShards } : invalid
}

function startRefusal(shard: number, world: GatewayWorld, now: number): Refusal | undefined {
  const { sessions, starts } = world
  if (sessions.isTaken(shard)) {
    return { reason: 'second-session', shard, detail: `shard ${shard} has a live session` }
  }
  if (starts.limit(now).remaining <= 0) {
    return { reason: 'session-starts-used-up', shard, detail: 'session_start_limit.remaining is 0' }
  }
  const earlyMs = starts.tooEarlyMs(shard, now)
  if (earlyMs === 0) return undefined
  const bucket = starts.bucketOf(shard)
  const detail = `shard ${shard} came ${earlyMs} ms too early for bucket ${bucket}`
  return { reason: 'identify-too-soon', shard, detail }
}

/** A value from outside, short enough for a list of violations. */
function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 60)
}
