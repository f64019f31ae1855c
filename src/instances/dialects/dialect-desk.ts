/**
 * The manager's side of the language that one incarnation of an instance speaks: finds out which it
 * is, asks the network in the instance's name, and answers the network in the bot's stead.
 */
import { MachinesError } from '../../errors.js'
import { decodeBody } from '../../routing/body-codec.js'
import { decodeCallBody } from '../../routing/call-body.js'
import { callerOf } from '../../routing/caller.js'
import type { EnvelopeHeader } from '../../routing/envelope.js'
import { EnvelopeKind, Verb } from '../../routing/envelope.js'
import { bodyOf } from '../../routing/envelope-codec.js'
import { decodeEvalBody } from '../../routing/eval-body.js'
import { isRecord } from '../../routing/records.js'
import { asOwn, respond } from '../../routing/respond.js'
import type { Undelivered } from '../../routing/router-types.js'
import { managerDebug } from '../../system/manager-debug.js'
import type { System } from '../../system/system.js'
import { DeskNetwork } from './desk-network.js'
import type {
  BotIpc,
  Dialect,
  DialectFactory,
  DialectHost,
  DialectName,
  DialectRequest,
  DialectSpec,
  GatewayState,
} from './dialect.js'

const debug = managerDebug('discordoo:machines:dialect')

interface DeskEvents {
  /** The bot speaks this dialect: from now on the desk takes what is for the instance. */
  recognised(name: DialectName): void
  ready(): void
  failed(error: MachinesError): void
  gateway(state: GatewayState): void
  undelivered(report: Undelivered): void
  warning(error: MachinesError): void
}

export interface DeskOptions {
  readonly spec: DialectSpec
  readonly system: System
  readonly ipc: BotIpc
  /** The dialects that the bot may speak; none for a native bot. */
  readonly candidates: Readonly<Partial<Record<DialectName, DialectFactory>>>
  /** Deadline of calls that bring none, ms. */
  readonly callTimeoutMs: number
  readonly instanceCount: () => number
  readonly hasShard: (shard: number) => boolean
  /** To the router of this machine, as if the instance had sent it. */
  readonly send: (envelope: Uint8Array) => boolean
  readonly events: DeskEvents
}

export class DialectDesk {
  readonly #options: DeskOptions
  readonly #network: DeskNetwork
  readonly #candidates = new Map<DialectName, Dialect>()
  #spoken: Dialect | undefined
  #isClosed = false

  constructor(options: DeskOptions) {
    this.#options = options
    this.#network = new DeskNetwork(options)
    for (const factory of Object.values(options.candidates)) this.#listenFor(factory)
  }

  /** The dialect that the bot speaks, once it has shown it. */
  get spoken(): DialectName | undefined {
    return this.#spoken?.name
  }

  /** Whether the dialect answers here, and not the preload in the instance. */
  get answersHere(): boolean {
    return this.#spoken?.answer !== undefined
  }

  /** Answers and reports for what the dialect asked; false: none that it waits for. */
  settle(envelope: Uint8Array, header: EnvelopeHeader): boolean {
    return this.#network.settle(envelope, header)
  }

  /** Takes a SEND or REQUEST for the instance; false where the bot does not take it. */
  take(envelope: Uint8Array, header: EnvelopeHeader): boolean {
    const dialect = this.#spoken
    if (dialect === undefined || this.#isClosed) return false
    if (header.kind === EnvelopeKind.SEND) return this.#told(dialect, envelope, header)
    const { spec, send } = this.#options
    const work = (body: Uint8Array) => this.#answer(dialect, body, header)
    respond(header, bodyOf(envelope), { self: spec.instance, send }, work)
    return true
  }

  /** Asks the bot to end in its own words; false when it has none for that. */
  stop(): boolean {
    return this.#spoken?.stop() ?? false
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const dialect of this.#candidates.values()) dialect.close()
    this.#network.close()
  }

  #listenFor(factory: DialectFactory): void {
    let dialect: Dialect | undefined
    const { spec, system, ipc, events } = this.#options
    const mayAct = () => !this.#isClosed && dialect !== undefined && this.#spoken === dialect
    const host: DialectHost = {
      spec,
      system,
      ipc,
      network: this.#network,
      recognised: () => {
        if (dialect !== undefined) this.#recognise(dialect)
      },
      ready: () => {
        if (mayAct()) events.ready()
      },
      failed: (error) => {
        if (mayAct()) events.failed(error)
      },
      gateway: (state) => {
        if (mayAct()) events.gateway(state)
      },
      warn: (error) => {
        if (!this.#isClosed) events.warning(error)
      },
    }
    dialect = factory(host)
    this.#candidates.set(dialect.name, dialect)
  }

  #recognise(dialect: Dialect): void {
    if (this.#isClosed || this.#spoken !== undefined) return
    this.#spoken = dialect
    debug('instance %d speaks %s', this.#options.spec.instance, dialect.name)
    for (const other of this.#candidates.values()) if (other !== dialect) other.close()
    this.#options.events.recognised(dialect.name)
  }

  #told(dialect: Dialect, envelope: Uint8Array, header: EnvelopeHeader): boolean {
    try {
      const message = decodeBody(bodyOf(envelope))
      if (header.verb === Verb.MESSAGE) return dialect.message(message, callerOf(header))
      if (isRecord(message) && message.dialect === dialect.name) dialect.told(message)
    } catch (error) {
      this.#options.events.warning(asOwn(error))
    }
    return true
  }

  async #answer(dialect: Dialect, body: Uint8Array, header: EnvelopeHeader): Promise<unknown> {
    if (header.verb === Verb.CALL || dialect.answer === undefined) {
      const what = 'this bot handles no requests: it has not loaded discordoo-machines/bot'
      throw new MachinesError('DM_HANDLER_UNKNOWN', what)
    }
    return dialect.answer(requestOf(header, body, dialect.name), header.budgetMs)
  }
}

function requestOf(
  { verb }: EnvelopeHeader,
  body: Uint8Array,
  spoken: DialectName,
): DialectRequest {
  if (verb === Verb.EVAL) return { kind: 'eval', ...decodeEvalBody(body) }
  const message = decodeCallBody(body)
  // Machines may run bots of several libraries; the same word means something else in each.
  if (message.dialect !== spoken) {
    const what = `this bot speaks ${spoken} and has no handler for what others say`
    throw new MachinesError('DM_HANDLER_UNKNOWN', what)
  }
  return { kind: 'dialect', message, runsCode: verb === Verb.EVAL_DIALECT }
}
