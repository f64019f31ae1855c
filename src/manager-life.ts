/** Start, stop, detach and signals of a manager, each in its turn. */
import { MachinesError } from './errors.js'
import type { ManagerMode } from './modes/mode.js'
import type { SignalPolicy } from './options/resolved-options.js'
import { type EndSignal, exitProcess, onEndSignal, othersListenFor } from './system/signals.js'
import type { Cancel, System } from './system/system.js'

type Phase = 'new' | 'starting' | 'started' | 'ending' | 'ended'

export interface LifeHooks {
  ready(): void
  stopped(): void
}

export class ManagerLife {
  readonly #mode: ManagerMode
  readonly #signals: SignalPolicy
  readonly #system: System
  readonly #hooks: LifeHooks
  #phase: Phase = 'new'
  #ending: Promise<void> | undefined
  #undo: Cancel[] = []

  constructor(mode: ManagerMode, signals: SignalPolicy, system: System, hooks: LifeHooks) {
    this.#mode = mode
    this.#signals = signals
    this.#system = system
    this.#hooks = hooks
  }

  async start(): Promise<void> {
    if (this.#phase !== 'new') {
      const message = 'start() may be called once; create another manager to start again'
      throw new MachinesError('DM_STATE', message)
    }
    this.#phase = 'starting'
    this.#undo.push(this.#system.keepAlive())
    if (this.#signals !== 'ignore') this.#undo.push(this.#listenForSignals())
    await this.#mode.start()
    this.#phase = 'started'
    this.#hooks.ready()
  }

  stop(reason: string): Promise<void> {
    return this.#end(() => this.#mode.stop(reason))
  }

  detach(): Promise<void> {
    return this.#end(() => this.#mode.detach())
  }

  /** Ends once: every later call waits for the end that is going on. */
  #end(action: () => Promise<void>): Promise<void> {
    this.#ending ??= this.#carryOut(action)
    return this.#ending
  }

  async #carryOut(action: () => Promise<void>): Promise<void> {
    const before = this.#phase
    this.#phase = 'ending'
    try {
      if (before !== 'new') await action()
    } catch (error) {
      // A refused detach() ends nothing: the manager goes on and may be stopped.
      this.#phase = before
      this.#ending = undefined
      throw error
    }
    this.#phase = 'ended'
    for (const undo of this.#undo.splice(0)) undo()
    this.#hooks.stopped()
  }

  #listenForSignals(): Cancel {
    const end = () => (this.#signals === 'detach' ? this.detach() : this.stop('signal'))
    return onEndSignal(
      (signal) => {
        const decides = !othersListenFor(signal)
        end().then(
          () => decides && exitProcess(0),
          () => decides && exitProcess(1),
        )
      },
      (signal: EndSignal) => exitProcess(signal === 'SIGINT' ? 130 : 143),
    )
  }
}
