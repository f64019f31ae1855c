/** What the network asks of a discordoo bot and tells it, in packets that the bot understands. */
import { MachinesError } from '../../../errors.js'
import type { Caller } from '../../../routing/caller.js'
import { remoteError } from '../../../routing/error-body.js'
import type { EvalScript } from '../../../routing/eval-script.js'
import { isRecord } from '../../../routing/records.js'
import { managerMarker } from '../../snowflake.js'
import type { DialectRequest, DialectSpec } from '../dialect.js'
import type { Answered } from './answered.js'
import { answeredBy } from './answered.js'
import { reviveBigInts } from './big-ints.js'
import type { BotCalls } from './bot-calls.js'
import { fieldsForInstance, hasScript, readCacheRequest, resultForAsker } from './cache-request.js'
import { errorFromWire } from './errors-on-wire.js'
import { readMembersRequest } from './members.js'
import type { Fields, Packet } from './packets.js'
import { Event, eventIdOf, idsBelow, Op } from './packets.js'
import { completePresence, readPresence } from './presence.js'

export interface NetworkRequestsOptions {
  readonly spec: DialectSpec
  readonly calls: Pick<BotCalls, 'ask'>
  readonly nextId: () => string
  /** Hands the bot a packet that wants no answer; false when it does not take it. */
  readonly push: (packet: Packet) => boolean
}

export class NetworkRequests {
  readonly #options: NetworkRequestsOptions

  constructor(options: NetworkRequestsOptions) {
    this.#options = options
  }

  /** Rejects with MachinesErrors only; what failed in the bot of a dialect's request is data. */
  answer(request: DialectRequest, timeoutMs: number): Promise<unknown> {
    if (request.kind === 'eval') {
      return this.#managerEval(request.script, request.context, timeoutMs)
    }
    const { message, runsCode } = request
    switch (message.op) {
      case 'eval':
        return runsCode ? this.#eval(message, timeoutMs) : Promise.reject(smuggled())
      case 'cache':
        return this.#cache(message, runsCode, timeoutMs)
      case 'members':
        return this.#members(message, timeoutMs)
      default:
        return Promise.reject(invalid('a request that discordoo bots do not know'))
    }
  }

  /** False for what makes no sense, concerns no shard of this bot, or does not reach it. */
  told(message: Fields): boolean {
    switch (message.op) {
      case 'message':
        return this.#toldMessage(message)
      case 'presence':
        return this.#toldPresence(message)
      case 'emergency':
        return this.#toldEmergency(message)
      default:
        return false
    }
  }

  /**
   * A message of a manager, or of a bot that is no discordoo bot. discordoo's messages are texts;
   * anything else arrives as its JSON.
   */
  message(message: unknown, { instance = managerMarker }: Caller): boolean {
    const text = typeof message === 'string' ? message : jsonOf(message)
    if (text === undefined) return false
    const d = { event_id: this.#options.nextId(), message: text, from: instance }
    return this.#options.push({ op: Op.DISPATCH, t: Event.MESSAGE, d })
  }

  async #managerEval(script: EvalScript, context: object, timeoutMs: number): Promise<unknown> {
    const packet = evalPacket(scriptText(script), context)
    const answer = await this.#options.calls.ask(packet, { timeoutMs, bigInts: true })
    if (answer.op === Op.ERROR) throw remoteError('the eval', errorFromWire(answer.d.result))
    return reviveBigInts(answer.d.result)
  }

  async #eval({ script, context }: Fields, timeoutMs: number): Promise<Answered> {
    if (typeof script !== 'string') throw invalid('an eval without a script')
    const packet = evalPacket(script, isRecord(context) ? context : undefined)
    const answer = await this.#options.calls.ask(packet, { timeoutMs })
    return answeredBy(answer, ({ d }) => d.result)
  }

  async #cache({ request }: Fields, runsCode: boolean, timeoutMs: number): Promise<Answered> {
    const cache = readCacheRequest(isRecord(request) ? request : {})
    if (hasScript(cache.op) && !runsCode) throw smuggled()
    const { shards } = this.#options.spec
    const packet = (eventId: string) => {
      const d = { ...fieldsForInstance(cache), event_id: eventId, shards }
      return { op: Op.CACHE_OPERATE, d }
    }
    const answer = await this.#options.calls.ask(packet, { timeoutMs })
    return answeredBy(answer, ({ d }) => {
      if (d.success !== true) return { success: false }
      return { success: true, result: resultForAsker(cache.op, d.result) }
    })
  }

  async #members({ request }: Fields, timeoutMs: number): Promise<Answered> {
    const { shard, fields } = readMembersRequest(isRecord(request) ? request : {})
    if (!this.#options.spec.shards.includes(shard)) {
      throw invalid(`a request for guild members: this instance does not serve shard ${shard}`)
    }
    const packet = (eventId: string) => {
      const d = { ...fields, event_id: eventId }
      return { op: Op.DISPATCH, t: Event.GUILD_MEMBERS_REQUEST, d }
    }
    const answer = await this.#options.calls.ask(packet, { timeoutMs })
    return answeredBy(answer, ({ d }) => d)
  }

  #toldMessage({ message, shards, from, event_id }: Fields): boolean {
    const eventId = eventIdOf({ op: Op.DISPATCH, d: { event_id } })
    if (eventId === undefined || message === undefined || !Number.isInteger(from)) return false
    const listed = idsBelow(shards, Number.POSITIVE_INFINITY)
    const d = { event_id: eventId, message, shards: listed, from }
    return this.#options.push({ op: Op.DISPATCH, t: Event.MESSAGE, d })
  }

  #toldPresence(message: Fields): boolean {
    const { spec, nextId, push } = this.#options
    const update = readPresence(message, spec.totalShards)
    const shards = update?.shards.filter((shard) => spec.shards.includes(shard)) ?? []
    if (update === undefined || shards.length === 0) return false
    const presence = completePresence(update.presence)
    const d = { event_id: nextId(), shards, presence }
    return push({ op: Op.DISPATCH, t: Event.PRESENCE_UPDATE, d })
  }

  #toldEmergency({ kind, blockUntil }: Fields): boolean {
    if (!Number.isFinite(kind) || !Number.isFinite(blockUntil)) return false
    return this.#options.push({ op: Op.EMERGENCY, d: { op: kind, block_until: blockUntil } })
  }
}

/** As discordoo makes it: a function in brackets, a text as the body of one. */
function scriptText({ form, source }: EvalScript): string {
  // The line break keeps a comment at the end of the script from swallowing the bracket.
  return form === 'function' ? `(${source})` : `(async (context) => { ${source}\n})`
}

function evalPacket(script: string, context: object | undefined): (eventId: string) => Packet {
  return (eventId) => {
    const d = { event_id: eventId, script, context }
    return { op: Op.DISPATCH, t: Event.BROADCAST_EVAL, d }
  }
}

function jsonOf(message: unknown): string | undefined {
  try {
    return JSON.stringify(message)
  } catch {
    return undefined
  }
}

function invalid(what: string): MachinesError {
  return new MachinesError('DM_BODY_INVALID', what)
}

/** Machines that take no scripts from others tell by the verb which messages hold one. */
function smuggled(): MachinesError {
  return new MachinesError('DM_EVAL_REFUSED', 'a script came in a message that may hold none')
}
