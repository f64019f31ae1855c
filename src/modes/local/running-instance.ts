/** One live incarnation, wired to the fleet: its frames, its output and its exit. */
import {
  type InstanceChannel,
  InstanceOp,
  ManagerOp,
} from '../../instances/channel/instance-channel.js'
import { limits } from '../../limits.js'
import { type System, sleep } from '../../system/system.js'
import { InstanceOutput, type OutputOptions } from './instance-output.js'
import type { InstanceExit, LaunchedInstance, LaunchSpec } from './launcher.js'

export interface RunningEvents {
  ready(): void
  envelope(envelope: Uint8Array): void
  /** The instance asks for room: resolves when links have some. */
  flushed(): Promise<void>
  /** The channel closed or carried nonsense; the exit may follow. */
  channelLost(): void
  /** Comes once and last, after whatever the instance still said. */
  exited(exit: InstanceExit): void
}

export class RunningInstance {
  readonly launched: LaunchedInstance
  readonly #channel: InstanceChannel
  readonly #events: RunningEvents
  #greeted = false
  #gone = false

  constructor(
    launched: LaunchedInstance,
    spec: LaunchSpec,
    options: OutputOptions & { readonly system: System },
    events: RunningEvents,
  ) {
    this.launched = launched
    this.#channel = launched.channel
    this.#events = events
    const channelClosed = this.#listen()
    const output = new InstanceOutput(launched, spec, options)
    void this.#awaitExit(channelClosed, output, options.system)
  }

  /** False until the preload has said HELLO, and when the channel takes no more. */
  deliver(envelope: Uint8Array): boolean {
    return this.#greeted && this.#channel.send(ManagerOp.ENVELOPE, envelope)
  }

  askStop(reason: string, timeoutMs: number): void {
    const request = JSON.stringify({ reason, timeoutMs })
    this.#channel.send(ManagerOp.STOP, Buffer.from(request), 'vital')
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
      case InstanceOp.READY:
        this.#events.ready()
        return
      case InstanceOp.ENVELOPE:
        this.#events.envelope(payload)
        return
      case InstanceOp.FLUSH:
        void this.#answerFlush()
        return
      case InstanceOp.GOODBYE:
        return
      default:
        this.#channel.close()
        this.#events.channelLost()
    }
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
    this.#events.exited(exit)
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
