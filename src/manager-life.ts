/** Start, stop, detach and signals of a manager, each in its turn. */
import { constants } from 'node:os'
import { MachinesError } from './errors.js'
import { limits } from './limits.js'
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
  readonly #mode: Pick<ManagerMode, 'start' | 'stop' | 'detach'>
  readonly #signals: SignalPolicy
  readonly #system: System
  readonly #hooks: LifeHooks
  #phase: Phase = 'new'
  #isStartPending = false
  #ending: Promise<void> | undefined
  #undo: Cancel[] = []

  constructor(
    mode: Pick<ManagerMode, 'start' | 'stop' | 'detach'>,
    signals: SignalPolicy,
    system: System,
    hooks: LifeHooks,
  ) {
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
    this.#isStartPending = true
    try {
      await this.#mode.start().finally(() => {
        this.#isStartPending = false
      })
    } catch (error) {
      await this.#afterEnd()
      // Nothing runs after such a failure, so nothing may keep the process alive either.
      if (!mayRun(error)) this.#release()
      throw error
    }
    if (this.#ending) {
      await this.#afterEnd()
      throw new MachinesError('DM_START_ABORTED', 'the manager was stopped while starting')
    }
    this.#phase = 'started'
    this.#hooks.ready()
  }

  /** Throws DM_STATE until start() has ended, in whatever way: the call would end it halfway. */
  refuseBeforeStart(call: string): void {
    if (this.#phase !== 'new' && !this.#isStartPending) return
    throw new MachinesError('DM_STATE', `${call}() was called before start() had ended`)
  }

  /** After detach() it only waits for that: there is nothing left that this manager could stop. */
  stop(reason: string): Promise<void> {
    return this.#end(() => this.#mode.stop(reason))
  }

  async detach(): Promise<void> {
    if (!this.#mode.detach) {
      const message = 'detach() is for a parent: elsewhere instances end with their manager'
      throw new MachinesError('DM_NOT_IN_THIS_MODE', message)
    }
    await this.#end(() => this.#mode.detach?.())
  }

  /** Ends once: every later call waits for the end that is going on. */
  #end(action: () => Promise<void> | undefined): Promise<void> {
    this.#ending ??= this.#carryOut(action)
    return this.#ending
  }

  async #carryOut(action: () => Promise<void> | undefined): Promise<void> {
    const before = this.#phase
    this.#phase = 'ending'
    try {
      if (before !== 'new') await action()
    } catch (error) {
      // It has not ended, so stop() may be called again.
      this.#phase = before
      this.#ending = undefined
      throw error
    }
    this.#phase = 'ended'
    this.#release()
    this.#hooks.stopped()
  }

  /**
   * start() rejects only when the stop that has overtaken it is over. The rejection ends a process
   * whose manager file does not catch it, and would so cut the stop short.
   */
  async #afterEnd(): Promise<void> {
    await this.#ending?.catch(() => {})
  }

  #release(): void {
    for (const undo of this.#undo.splice(0)) undo()
  }

  #listenForSignals(): Cancel {
    const leaves = this.#signals === 'detach' && this.#mode.detach !== undefined
    const end = () => (leaves ? this.detach() : this.stop('signal'))
    let firstAt = 0
    return onEndSignal(
      (signal) => {
        firstAt = this.#system.now()
        const decides = !othersListenFor(signal)
        end().then(
          () => decides && exitProcess(0),
          () => decides && exitProcess(1),
        )
      },
      (signal: EndSignal) => {
        // One Ctrl-C may come twice: from the terminal, and from the npm or pnpm that runs us.
        if (this.#system.now() - firstAt < limits.signalRepeatMs) return
        exitProcess(128 + constants.signals[signal])
      },
    )
  }
}

/** Whether a failed start may have left something running, which ends with stop() only. */
function mayRun(error: unknown): boolean {
  if (!(error instanceof MachinesError)) return false
  return error.code === 'DM_START_FAILED' || error.code === 'DM_START_ABORTED'
}
