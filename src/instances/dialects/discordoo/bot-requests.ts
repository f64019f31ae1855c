/**
 * What a discordoo bot asks of its manager, turned into calls to the network and their outcomes into
 * packets. Every request with an event id gets exactly one answer.
 */
import { MachinesError } from '../../../errors.js'
import type { Outcome } from '../../../routing/outcome.js'
import { isRecord } from '../../../routing/records.js'
import { managerMarker } from '../../snowflake.js'
import type { DialectMessage, DialectNetwork, DialectSpec } from '../dialect.js'
import { answeredIn } from './answered.js'
import { mergeCache, readCacheAnswer } from './cache-merge.js'
import { hasScript, readCacheRequest } from './cache-request.js'
import { askMembersTimeoutMs, askTimeoutMsMax } from './deadlines.js'
import { errorOnWire, errorPacket } from './errors-on-wire.js'
import { readMembersRequest } from './members.js'
import type { Fields, Packet } from './packets.js'
import { Event, eventIdOf, idsBelow, Op } from './packets.js'
import { words } from './words.js'

export interface BotRequestsOptions {
  readonly spec: DialectSpec
  readonly network: DialectNetwork
  /** Hands the bot a packet; throws what `encodeFrame` throws. */
  readonly reply: (packet: Packet) => void
}

type Work = (eventId: string, d: Fields) => Promise<Packet>

export class BotRequests {
  readonly #options: BotRequestsOptions

  constructor(options: BotRequestsOptions) {
    this.#options = options
  }

  /** False for a packet that is no such request, or has no event id. */
  receive(packet: Packet): boolean {
    const { op, t } = packet
    if (op === Op.CACHE_OPERATE) {
      return this.#answer(packet, (eventId, fields) => this.#cache(eventId, fields))
    }
    if (op !== Op.DISPATCH) return false
    switch (t) {
      case Event.BROADCAST_EVAL:
        return this.#answer(packet, (eventId, fields) => this.#eval(eventId, fields))
      case Event.GUILD_MEMBERS_REQUEST:
        return this.#answer(packet, (eventId, fields) => this.#members(eventId, fields))
      default:
        return false
    }
  }

  /** Without an event id nobody could tell what the answer is to. */
  #answer(packet: Packet, work: Work): boolean {
    const eventId = eventIdOf(packet)
    if (eventId === undefined) return false
    void this.#run(eventId, packet, work)
    return true
  }

  /** Never rejects: what goes wrong, the size of the answer included, becomes the answer. */
  async #run(eventId: string, { op, t, d }: Packet, work: Work): Promise<void> {
    const { reply } = this.#options
    try {
      reply(await work(eventId, d))
    } catch (error) {
      // Cache operations have no `t`: what a bot sent as one may be longer than a frame.
      const event = op === Op.DISPATCH ? t : undefined
      reply(errorPacket(eventId, event, errorOnWire(error)))
    }
  }

  /** One result of each instance that exists, in the order in which the bot named them. */
  async #eval(eventId: string, { script, shards, context }: Fields): Promise<Packet> {
    const { network } = this.#options
    if (typeof script !== 'string') throw invalid('an eval: script is no text')
    if (!Array.isArray(shards)) throw invalid('an eval: shards is no list of instances')
    if (shards.includes(managerMarker)) {
      const message = 'the code of a bot does not run in a manager: name instances only'
      throw new MachinesError('DM_EVAL_REFUSED', message)
    }
    const ids = idsBelow(shards, network.instanceCount)
    const message = words('eval', isRecord(context) ? { script, context } : { script })
    const outcomes = await this.#ask({ instance: ids }, ids, message, true)
    const results: unknown[] = []
    for (const outcome of inOrder(outcomes, ids)) {
      const answered = answeredIn(outcome)
      if (!answered.ok) return errorPacket(eventId, Event.BROADCAST_EVAL, answered.error)
      results.push(answered.value)
    }
    const d = { event_id: eventId, result: results }
    return { op: Op.DISPATCH, t: Event.BROADCAST_EVAL, d }
  }

  async #members(eventId: string, given: Fields): Promise<Packet> {
    const { shard, fields } = readMembersRequest(given)
    if (!this.#options.network.hasShard(shard)) {
      throw new MachinesError('DM_TARGET_UNKNOWN', `nobody serves shard ${shard}`)
    }
    const message = words('members', { request: fields })
    const target = { shard }
    const outcomes = await this.#ask(target, [shard], message, false, askMembersTimeoutMs)
    const [outcome] = outcomes
    if (outcome === undefined) {
      throw new MachinesError('DM_TARGET_UNKNOWN', `nobody serves shard ${shard}`)
    }
    const answered = answeredIn(outcome)
    if (!answered.ok) return errorPacket(eventId, Event.GUILD_MEMBERS_REQUEST, answered.error)
    const answer = isRecord(answered.value) ? answered.value : {}
    const d = { ...answer, event_id: eventId }
    return { op: Op.DISPATCH, t: Event.GUILD_MEMBERS_REQUEST, d }
  }

  /**
   * A sum or list without the share of an instance that gave no answer would be wrong without
   * anybody noticing, so then the request fails, and says who it was.
   */
  async #cache(eventId: string, given: Fields): Promise<Packet> {
    const { op, serialize, fields } = readCacheRequest(given)
    const { spec, network } = this.#options
    // 'all' names shards that nobody may serve, where a plan has gaps.
    const asked = idsBelow(given.shards, spec.totalShards)
    const shards = asked.filter((shard) => network.hasShard(shard))
    const message = words('cache', { request: fields })
    const outcomes = await this.#ask({ shard: shards }, shards, message, hasScript(op))
    const answers = outcomes.map(answeredIn)
    const known = answers.filter((answered) => answered.ok)
    const merged = mergeCache(
      serialize,
      known.map(({ value }) => readCacheAnswer(value)),
    )
    const failed = answers.find((answered) => !answered.ok)
    if (failed !== undefined && !merged.isFinal) {
      return errorPacket(eventId, undefined, failed.error)
    }
    const { success, result } = merged
    return { op: Op.CACHE_OPERATE, d: { event_id: eventId, success, result } }
  }

  async #ask(
    target: { readonly instance: readonly number[] } | { readonly shard: number | number[] },
    ids: readonly number[],
    message: DialectMessage,
    runsCode: boolean,
    timeoutMs: number = Math.min(this.#options.network.callTimeoutMs, askTimeoutMsMax),
  ): Promise<Outcome[]> {
    if (ids.length === 0) return []
    return this.#options.network.ask(target, message, { runsCode, timeoutMs })
  }
}

function inOrder(outcomes: readonly Outcome[], ids: readonly number[]): Outcome[] {
  const byId = new Map(outcomes.map((outcome) => [outcome.instance, outcome]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

function invalid(what: string): MachinesError {
  return new MachinesError('DM_BODY_INVALID', what)
}
