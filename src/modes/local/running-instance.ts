/** One live incarnation, wired to the fleet: its frames, its output and its exit. */

import type { MachinesError } from '../../errors.js'
import {
  type InstanceChannel,
  InstanceOp,
  ManagerOp,
} from '../../instances/channel/instance-channel.js'
import { encodeLease, type LeaseNotice } from '../../instances/channel/lease-notice.js'
import { decodeMemory } from '../../instances/channel/memory-report.js'
import type { GatewayState } from '../../instances/dialects/dialect.js'
import { DialectDesk } from '../../instances/dialects/dialect-desk.js'
import { limits } from '../../limits.js'
import type { Undelivered } from '../../routing/router-types.js'
import { type System, sleep } from '../../system/system.js'
import { candidatesFor } from './dialects.js'
import { InstanceInbox } from './instance-inbox.js'
import { InstanceOutput, type OutputOptions } from './instance-output.js'
import {
  dialectSpecOf,
  type InstanceExit,
  type LaunchedInstance,
  type LaunchSpec,
} from './launcher.js'

export interface RunningEvents {
  ready(): void
  /** The bot said that it cannot start. */
  startFailed(error: MachinesError): void
  /** What became of a gateway connection of the bot. */
  gateway(state: GatewayState): void
  /** How much memory it takes. */
  memory(bytes: number): void
  envelope(envelope: Uint8Array): void
  /** Nobody in the instance has taken this, and nobody will. */
  notTaken(envelope: Uint8Array): void
  undelivered(report: Undelivered): void
  warning(error: MachinesError): void
  /** The instance asks for room: resolves when links have some. */
  flushed(): Promise<void>
  /** The channel closed or carried nonsense; the exit may follow. */
  channelLost(): void
  /** Comes once and last, after whatever the instance still said. */
  exited(exit: InstanceExit): void
}

export interface RunningOptions {
  readonly system: System
  /** How many instances there are over all machines. */
  readonly instanceCount: () => number
  readonly hasShard: (shard: number) => boolean
}

export class RunningInstance {
  readonly launched: LaunchedInstance
  readonly #channel: InstanceChannel
  readonly #events: RunningEvents
  readonly #desk: DialectDesk
  readonly #inbox: InstanceInbox
  #greeted = false
  #gone = false

  constructor(
    launched: LaunchedInstance,
    spec: LaunchSpec,
    options: OutputOptions & RunningOptions,
    events: RunningEvents,
  ) {
    this.launched = launched
    this.#channel = launched.channel
    this.#events = events
    this.#desk = this.#createDesk(spec, options)
    this.#inbox = new InstanceInbox(this.#desk, (envelope) =>
      this.#channel.send(ManagerOp.ENVELOPE, envelope),
    )
    const channelClosed = this.#listen()
    const output = new InstanceOutput(launched, spec, options)
    void this.#awaitExit(channelClosed, output, options.system)
  }

  /** False until the preload has said HELLO, and when the channel takes no more. */
  deliver(envelope: Uint8Array): boolean {
    return this.#greeted && !this.#gone && this.#inbox.deliver(envelope)
  }

  /** In the words of its dialect, unless it has listeners for ours. */
  askStop(reason: string, timeoutMs: number): void {
    if (!this.#inbox.isAttached && this.#desk.stop()) return
    const request = JSON.stringify({ reason, timeoutMs })
    this.#channel.send(ManagerOp.STOP, Buffer.from(request), 'vital')
  }

  /** Until when it may run; null: there is no lease any more. */
  lease(notice: LeaseNotice | null): void {
    this.#channel.send(ManagerOp.LEASE, encodeLease(notice), 'vital')
  }

  async #answerFlush(): Promise<void> {
    await this.#events.flushed()
    this.#channel.send(ManagerOp.FLUSHED, undefined, 'vital')
  }

  /** Resolves when the channel has closed. */
  #listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#channel.events = {
        frame: (op, payload) => this.#frame(op, payload),
        close: () => {
          resolve()
          if (!this.#gone) this.#events.channelLost()
        },
      }
    })
  }

  #frame(op: number, payload: Uint8Array): void {
    if (this.#gone) return
    switch (op) {
      case InstanceOp.HELLO:
        this.#greeted = true
        return
      case InstanceOp.ATTACHED:
        this.#inbox.attached()
        return
      case InstanceOp.READY:
        this.#events.ready()
        return
      case InstanceOp.ENVELOPE:
        this.#events.envelope(payload)
        return
      case InstanceOp.FLUSH:
        void this.#answerFlush()
        return
      case InstanceOp.MEMORY:
        this.#memory(payload)
        return
      case InstanceOp.GOODBYE:
        return
      default:
        this.#nonsense()
    }
  }

  #memory(payload: Uint8Array): void {
    const bytes = decodeMemory(payload)
    if (bytes === undefined) this.#nonsense()
    else this.#events.memory(bytes)
  }

  #nonsense(): void {
    this.#channel.close()
    this.#events.channelLost()
  }

  /** Its last words may still be in the pipes when the exit is seen; they come first. */
  async #awaitExit(
    channelClosed: Promise<void>,
    output: InstanceOutput,
    system: System,
  ): Promise<void> {
    const exit = await this.launched.exited
    // A failed launch has neither output nor a channel that could close.
    if (this.launched.raw !== undefined) {
      const ended = Promise.all([output.ended, channelClosed])
      const last = ended.then(() => exit.error && output.printError(exit.error))
      await withinMs(system, limits.outputDrainMs, last)
    }
    this.#gone = true
    this.#desk.close()
    for (const envelope of this.#inbox.takeHeld()) this.#events.notTaken(envelope)
    this.#events.exited(exit)
  }

  #createDesk(spec: LaunchSpec, options: RunningOptions): DialectDesk {
    const events = this.#events
    return new DialectDesk({
      spec: dialectSpecOf(spec),
      system: options.system,
      ipc: this.launched.ipc,
      candidates: candidatesFor(spec.run.dialect),
      callTimeoutMs: spec.callTimeoutMs,
      instanceCount: options.instanceCount,
      hasShard: options.hasShard,
      send: (envelope) => {
        events.envelope(envelope)
        return true
      },
      events: {
        recognised: () => this.#inbox.release(),
        ready: () => events.ready(),
        failed: (error) => events.startFailed(error),
        gateway: (state) => events.gateway(state),
        undelivered: (report) => events.undelivered(report),
        warning: (error) => events.warning(error),
      },
    })
  }
}

/** Waits for the work to end, in whatever way, but no longer than this. */
async function withinMs(system: System, timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController()
  const timeout = sleep(system, timeoutMs, done.signal)
  await Promise.allSettled([Promise.race([work, timeout])])
  done.abort()
  await Promise.allSettled([timeout])
}
