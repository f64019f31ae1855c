/**
 * What an instance does with its channel: it hands envelopes to the bot API or to the client of a
 * discord.js bot, ends when the manager asks for it, and ends when the manager is gone or its lease is.
 */
import { MachinesError, toError } from '../errors.js'
import {
  type InstanceChannel,
  type InstanceIdentity,
  InstanceOp,
  ManagerOp,
} from '../instances/channel/instance-channel.js'
import { decodeLease } from '../instances/channel/lease-notice.js'
import { limits } from '../limits.js'
import { isDialectVerb } from '../routing/envelope.js'
import { verbOf } from '../routing/envelope-codec.js'
import type { System } from '../system/system.js'
import type { AdoptedClient } from './adopted-client.js'
import { type DiscordJsClient, isDiscordJsClient } from './discordjs-client.js'
import { FlushLine } from './flush-line.js'
import { HeldEnvelopes } from './held-envelopes.js'
import { InstanceLease, type LeaseHost } from './instance-lease.js'
import type { InstanceRuntime, StopRequest } from './instance-runtime.js'

/** Exit code of an instance that ended because its manager was gone. */
export const managerLostExitCode = 87

/** Exit code of an instance that ended because its manager has not renewed the lease in time. */
export const leaseEndedExitCode = 88

type Handlers = Parameters<InstanceRuntime['attach']>[0]

/** What the runtime needs of the process or thread it runs in. */
export interface RuntimeHost extends LeaseHost {
  readonly system: System
  exit(code: number): void
  /** Runs the bot's own SIGTERM listeners; false when it has none. */
  raiseTerm(): boolean
  warn(warning: Error): void
}

/** A stop request that cannot be read is still a stop request. */
function readStop(payload: Uint8Array): StopRequest {
  let fields = new Map<string, unknown>()
  try {
    fields = new Map(Object.entries(JSON.parse(Buffer.from(payload).toString())))
  } catch {
    // The defaults below stand for it.
  }
  const reason = fields.get('reason')
  const timeoutMs = fields.get('timeoutMs')
  return {
    reason: typeof reason === 'string' ? reason : 'stop',
    timeoutMs: typeof timeoutMs === 'number' ? timeoutMs : 0,
  }
}

export class PreloadRuntime implements InstanceRuntime {
  readonly version = 1
  readonly identity: InstanceIdentity
  readonly #channel: InstanceChannel
  readonly #host: RuntimeHost
  readonly #flushes: FlushLine
  readonly #held = new HeldEnvelopes()
  readonly #lease: InstanceLease
  #handlers: Handlers | undefined
  #adoption: Promise<AdoptedClient | undefined> | undefined
  #adopted: AdoptedClient | undefined
  #overflowed = false
  #ready = false
  #stopping = false
  #open = true
  /** Set once the goodbyes are over; the instance exits with it as soon as the channel has closed. */
  #exitCode: number | undefined

  constructor(identity: InstanceIdentity, channel: InstanceChannel, host: RuntimeHost) {
    this.identity = identity
    this.#channel = channel
    this.#host = host
    this.#flushes = new FlushLine(() => channel.send(InstanceOp.FLUSH, undefined, 'vital'))
    this.#lease = new InstanceLease(host, (goodbyeMs) => this.#leaseEnded(goodbyeMs))
    channel.events = {
      frame: (op, payload) => this.#frame(op, payload),
      close: () => this.#closed(),
    }
  }

  ready(): void {
    if (this.#ready) return
    this.#ready = true
    this.#channel.send(InstanceOp.READY)
  }

  sendEnvelope(envelope: Uint8Array): boolean {
    return this.#channel.send(InstanceOp.ENVELOPE, envelope)
  }

  flushed(): Promise<void> {
    return this.#flushes.wait()
  }

  attach(handlers: Handlers): void {
    if (this.#handlers !== undefined) {
      throw new MachinesError('DM_STATE', 'the bot API is attached to this instance already')
    }
    this.#handlers = handlers
    this.#channel.send(InstanceOp.ATTACHED, undefined, 'vital')
    this.#channel.ref()
    this.#release()
  }

  /**
   * Takes the client of a discord.js bot, which has the manager ask it for that: from then on calls
   * between discord.js bots are answered here. Anything that is no client, and every further one, is
   * ignored, as discord.js itself lets the first of several clients speak.
   */
  adopt(client: unknown): void {
    if (this.#adoption !== undefined || !isDiscordJsClient(client)) return
    this.#adoption = this.#load(client)
  }

  async #load(client: DiscordJsClient): Promise<AdoptedClient | undefined> {
    try {
      const { AdoptedClient } = await import('./adopted-client.js')
      this.#adopted = new AdoptedClient(client, this.identity, (envelope) =>
        this.sendEnvelope(envelope),
      )
    } catch (thrown) {
      this.#host.warn(toError(thrown))
    }
    this.#release()
    return this.#adopted
  }

  #frame(op: number, payload: Uint8Array): void {
    this.#lease.heard()
    if (op === ManagerOp.STOP) this.#stop(readStop(payload))
    else if (op === ManagerOp.FLUSHED) this.#flushes.answer()
    else if (op === ManagerOp.ENVELOPE) this.#deliver(payload)
    else if (op === ManagerOp.LEASE) this.#takeLease(payload)
    else this.#unknown(op)
  }

  #takeLease(payload: Uint8Array): void {
    const notice = decodeLease(payload)
    if (notice === undefined) this.#unknown(ManagerOp.LEASE)
    else this.#lease.told(notice)
  }

  #release(): void {
    for (const envelope of this.#held.takeAll()) this.#deliver(envelope)
  }

  #deliver(envelope: Uint8Array): void {
    if (this.#handOver(envelope) || this.#held.hold(envelope) || this.#overflowed) return
    this.#overflowed = true
    const why = 'nothing in the bot takes them, as it has not loaded discordoo-machines/bot'
    const message = `messages for this instance are lost: ${why}`
    this.#host.warn(new MachinesError('DM_OFFLINE', message))
  }

  /** False while nobody is there who takes it. */
  #handOver(envelope: Uint8Array): boolean {
    if (this.#handlers !== undefined && !isDialectVerb(verbOf(envelope))) {
      this.#handlers.envelope(envelope)
      return true
    }
    return this.#adopted?.receive(envelope) ?? false
  }

  #unknown(op: number): void {
    this.#host.warn(
      new MachinesError('DM_CHANNEL_PROTOCOL', `the manager sent an unknown message (${op})`),
    )
  }

  #stop(request: StopRequest): void {
    if (this.#stopping) return
    if (!this.#part(request, 0)) this.#exit(0)
  }

  /** Begins the goodbye, after which the instance exits; false: there is nobody to say one. */
  #part(request: StopRequest, code: number): boolean {
    this.#stopping = true
    const handlers = this.#handlers
    if (handlers !== undefined) {
      void this.#sayGoodbye(() => this.#stopBoth(handlers, request), code)
      return true
    }
    // A bot with SIGTERM listeners knows how to end; if it does not, it is killed in the end.
    if (this.#host.raiseTerm()) return true
    if (this.#adoption === undefined) return false
    void this.#sayGoodbye(() => this.#destroyClient(), code)
    return true
  }

  /** A bot may use the bot API for its calls alone, and leave its goodbye to us. */
  async #stopBoth(handlers: Handlers, request: StopRequest): Promise<void> {
    await handlers.stop(request)
    await this.#destroyClient()
  }

  /** Harmless where the bot has done so itself. */
  async #destroyClient(): Promise<void> {
    const adopted = await this.#adoption
    await adopted?.destroy()
  }

  async #sayGoodbye(goodbye: () => Promise<void>, code: number): Promise<void> {
    try {
      await goodbye()
      this.#channel.send(InstanceOp.GOODBYE)
      this.#exit(code)
    } catch (thrown) {
      this.#host.warn(toError(thrown))
      this.#exit(1)
    }
  }

  /** Exits when everything sent has left, at the latest after managerLostGraceMs. */
  #exit(code: number): void {
    if (!this.#open) {
      this.#host.exit(code)
      return
    }
    this.#exitCode = code
    this.#host.system.setTimer(limits.managerLostGraceMs, () => this.#host.exit(code))
    this.#channel.close()
  }

  #closed(): void {
    this.#open = false
    this.#flushes.close()
    if (this.#exitCode !== undefined) this.#host.exit(this.#exitCode)
    else this.#managerLost()
  }

  /** The same as a stop, but nobody waits for the end of it, and it must be over in time. */
  #leaseEnded(goodbyeMs: number): void {
    this.#host.system.setTimer(goodbyeMs, () => this.#host.exit(leaseEndedExitCode))
    if (this.#stopping) return
    const request = { reason: 'lease', timeoutMs: goodbyeMs }
    if (!this.#part(request, leaseEndedExitCode)) this.#host.exit(leaseEndedExitCode)
  }

  /** Whatever was going on, a stop included, must be over when the grace has passed. */
  #managerLost(): void {
    const handlers = this.#handlers
    if (handlers === undefined) {
      this.#host.exit(managerLostExitCode)
      return
    }
    const timeoutMs = limits.managerLostGraceMs
    this.#host.system.setTimer(timeoutMs, () => this.#host.exit(managerLostExitCode))
    if (this.#stopping) return
    this.#stopping = true
    const request = { reason: 'manager-lost', timeoutMs }
    void this.#sayGoodbye(() => handlers.stop(request), managerLostExitCode)
  }
}
