/**
 * What an instance does with its channel: it hands envelopes to the bot API, ends when the manager
 * asks for it, and ends when the manager is gone.
 */
import { MachinesError, toError } from '../errors.js'
import {
  type InstanceChannel,
  type InstanceIdentity,
  InstanceOp,
  ManagerOp,
} from '../instances/channel/instance-channel.js'
import { limits } from '../limits.js'
import type { System } from '../system/system.js'
import { FlushLine } from './flush-line.js'
import type { InstanceRuntime, StopRequest } from './instance-runtime.js'

/** Exit code of an instance that ended because its manager was gone. */
export const managerLostExitCode = 87

type Handlers = Parameters<InstanceRuntime['attach']>[0]

/** What the runtime needs of the process or thread it runs in. */
export interface RuntimeHost {
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
  #handlers: Handlers | undefined
  #held: Uint8Array[] = []
  #heldBytes = 0
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
    this.#channel.ref()
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const envelope of held) handlers.envelope(envelope)
  }

  #frame(op: number, payload: Uint8Array): void {
    if (op === ManagerOp.STOP) this.#stop(readStop(payload))
    else if (op === ManagerOp.FLUSHED) this.#flushes.answer()
    else if (op !== ManagerOp.ENVELOPE) this.#unknown(op)
    else if (this.#handlers === undefined) this.#hold(payload)
    else this.#handlers.envelope(payload)
  }

  #unknown(op: number): void {
    this.#host.warn(
      new MachinesError('DM_CHANNEL_PROTOCOL', `the manager sent an unknown message (${op})`),
    )
  }

  /** Copies, because a small view would keep the whole chunk it came in alive. */
  #hold(envelope: Uint8Array): void {
    if (this.#heldBytes + envelope.length <= limits.channelBacklogBytesMax) {
      this.#held.push(new Uint8Array(envelope))
      this.#heldBytes += envelope.length
      return
    }
    if (this.#overflowed) return
    this.#overflowed = true
    this.#host.warn(
      new MachinesError(
        'DM_OFFLINE',
        'messages for this instance are lost: the bot has not loaded discordoo-machines/bot',
      ),
    )
  }

  #stop(request: StopRequest): void {
    if (this.#stopping) return
    this.#stopping = true
    if (this.#handlers !== undefined) {
      void this.#sayGoodbye(this.#handlers, request, 0)
      return
    }
    // A bot with SIGTERM listeners knows how to end; if it does not, the manager's own signals come.
    if (!this.#host.raiseTerm()) this.#exit(0)
  }

  async #sayGoodbye(handlers: Handlers, request: StopRequest, code: number): Promise<void> {
    try {
      await handlers.stop(request)
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

  /** Whatever was going on, a stop included, must be over when the grace has passed. */
  #managerLost(): void {
    if (this.#handlers === undefined) {
      this.#host.exit(managerLostExitCode)
      return
    }
    const timeoutMs = limits.managerLostGraceMs
    this.#host.system.setTimer(timeoutMs, () => this.#host.exit(managerLostExitCode))
    if (this.#stopping) return
    this.#stopping = true
    const request = { reason: 'manager-lost', timeoutMs }
    void this.#sayGoodbye(this.#handlers, request, managerLostExitCode)
  }
}
