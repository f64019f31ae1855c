/** Machines come, are emptied and go while the bot runs: what a parent offers people for that. */
import type { ShardMove } from './allocator/plan-types.js'
import { MachinesError } from './errors.js'
import type { MachineControl, MovePlan } from './modes/machine-control.js'
import type { ShardingMachineOptions } from './options/machines-options.js'
import { checkRestart, type RestartOptions } from './restart-options.js'
import { rollingRestart } from './rolling-restart.js'
import { deadline, type System } from './system/system.js'

/** How fast instances move; see {@link RestartOptions}. */
export type MoveOptions = Omit<RestartOptions, 'to'>

/** Options of `ShardingManager.removePoint`. */
export interface RemoveOptions extends MoveOptions {
  /**
   * You have made sure that nothing runs on the machine (it is switched off, its disk is gone): its
   * shards start elsewhere at once. Wrong, and they answer twice. Default false.
   */
  readonly isDown?: boolean
}

type MoveReason = 'drain' | 'plan' | 'remove'

export class MachineChanges {
  readonly #control: MachineControl | undefined
  readonly #system: System
  #current: string | undefined

  constructor(control: MachineControl | undefined, system: System) {
    this.#control = control
    this.#system = system
  }

  addPoint(point: ShardingMachineOptions): string {
    return this.#required('addPoint').addPoint(point)
  }

  plan(): MovePlan {
    return this.#required('plan').plan()
  }

  async apply(plan: MovePlan, options: MoveOptions): Promise<void> {
    const control = this.#required('apply')
    await this.#alone('apply', () => this.#move(control.check(checkedPlan(plan)), 'plan', options))
  }

  async drain(machine: string, options: MoveOptions): Promise<void> {
    const control = this.#required('drain')
    await this.#alone('drain', () => this.#move(control.drain(machine), 'drain', options))
  }

  undrain(machine: string): void {
    this.#required('undrain').undrain(machine)
  }

  async removePoint(machine: string, { isDown = false, ...options }: RemoveOptions): Promise<void> {
    const control = this.#required('removePoint')
    await this.#alone('removePoint', async () => {
      if (isDown) control.confirmDown(machine)
      else await this.#move(control.drain(machine), 'remove', options)
      await control.remove(machine)
    })
  }

  #move(moves: readonly ShardMove[], reason: MoveReason, options: MoveOptions): Promise<void> {
    const { timeoutMs, concurrency, delayMs } = checkRestart(options)
    const byInstance = new Map(moves.map((move) => [move.instance, move]))
    const one = async (instance: number): Promise<void> => {
      const move = byInstance.get(instance)
      if (move) await this.#moveOne(move, reason, timeoutMs)
    }
    return rollingRestart([...byInstance.keys()], one, { concurrency, delayMs }, this.#system)
  }

  #moveOne(move: ShardMove, reason: MoveReason, timeoutMs: number | undefined): Promise<void> {
    const moved = this.#required(reason).move(move, reason)
    if (timeoutMs === undefined) return moved
    return deadline(this.#system, moved, timeoutMs, () => {
      const { instance, to: machine } = move
      const message = `instance ${instance} was not ready on ${machine} within ${timeoutMs} ms`
      return new MachinesError('DM_INSTANCE_START_TIMEOUT', message, { instance, machine })
    })
  }

  /** Two changes at one time would each undo what the other was planned on. */
  async #alone(name: string, work: () => Promise<void>): Promise<void> {
    if (this.#current !== undefined) {
      const message = `${name}() was called while ${this.#current}() is going on`
      throw new MachinesError('DM_STATE', message)
    }
    this.#current = name
    try {
      await work()
    } finally {
      this.#current = undefined
    }
  }

  #required(name: string): MachineControl {
    if (this.#control !== undefined) return this.#control
    const message = `${name}() is for a parent (mode 'machines', machines.me: 'parent')`
    throw new MachinesError('DM_NOT_IN_THIS_MODE', message)
  }
}

function checkedPlan(plan: MovePlan): MovePlan {
  const isPlan = typeof plan === 'object' && plan !== null && Array.isArray(plan.moves)
  if (isPlan && typeof plan.version === 'number') return plan
  const allowed = 'what plan() has returned'
  const message = `apply: only ${allowed} is allowed`
  throw new MachinesError('DM_OPTION_TYPE', message, { path: 'plan', allowed })
}
