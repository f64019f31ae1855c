/**
 * What a child runs: at most one assignment and its fleet. A new assignment that equals the one in
 * force is adopted and nothing is restarted; any other one waits until the exits of the old
 * instances are confirmed, so no shard ever runs twice on this machine.
 */
import { isDeepStrictEqual } from 'node:util'
import { MachinesError } from '../../../errors.js'
import type { RunOptions } from '../../../options/resolved-options.js'
import type { Fleet, InstanceStatus } from '../../local/fleet-types.js'
import type { CheckedAssignment } from './assignment-parser.js'

/** How one apply() went: `adopted` when what ran already was what was asked for. */
export interface Applied {
  readonly adopted: boolean
  /** Settles when every instance is ready, or has failed for good. */
  readonly started: Promise<void>
}

export interface WorkloadHooks {
  /** Turns the assignment into options of this machine; throws DM_ASSIGNMENT_REFUSED. */
  runOptions(assignment: CheckedAssignment): RunOptions
  createFleet(assignment: CheckedAssignment, run: RunOptions): Fleet
  /** Instances and their shards changed. */
  onAssignment(assignment: CheckedAssignment): void
}

interface Running {
  readonly run: RunOptions
  readonly assignment: CheckedAssignment
  readonly fleet: Fleet
  readonly started: Promise<void>
}

export class ChildWorkload {
  readonly #hooks: WorkloadHooks
  #running: Running | undefined
  /** Assignments and stops are carried out one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(hooks: WorkloadHooks) {
    this.#hooks = hooks
  }

  get assignment(): CheckedAssignment | undefined {
    return this.#running?.assignment
  }

  get fleet(): Fleet | undefined {
    return this.#running?.fleet
  }

  get mode(): RunOptions['mode'] | undefined {
    return this.#running?.run.mode
  }

  /** How long each step of stopping may take, ms. */
  get killTimeoutMs(): number {
    return this.#running?.run.killTimeoutMs ?? 0
  }

  status(): readonly InstanceStatus[] {
    return this.#running?.fleet.status() ?? []
  }

  /** Puts an assignment into force. Rejects with DM_ASSIGNMENT_REFUSED; what runs then runs on. */
  apply(assignment: CheckedAssignment): Promise<Applied> {
    return this.#inTurn(async () => {
      const run = this.#hooks.runOptions(assignment)
      const current = this.#running
      if (current && isDeepStrictEqual(current.assignment, assignment)) {
        return { adopted: true, started: this.#readyAgain(current) }
      }
      await this.#end('another assignment')
      const fleet = this.#hooks.createFleet(assignment, run)
      const started = fleet.start()
      // Whoever applied it awaits `started`; this only keeps a late failure from being unhandled.
      started.catch(() => {})
      this.#running = { run, assignment, fleet, started }
      this.#hooks.onAssignment(assignment)
      return { adopted: false, started }
    })
  }

  /** Ends every instance; resolves when all exits are confirmed. */
  stop(reason: string): Promise<void> {
    // A fleet that is still starting must not wait for its own start to end.
    const stopping = this.#running?.fleet.stop(reason)
    return this.#inTurn(async () => {
      await stopping
      await this.#end(reason)
    })
  }

  async #end(reason: string): Promise<void> {
    const running = this.#running
    if (!running) return
    await running.fleet.stop(reason)
    this.#running = undefined
  }

  /** A start that failed once may have healed since: an adopted fleet is judged as it is now. */
  async #readyAgain(running: Running): Promise<void> {
    try {
      await running.started
    } catch (error) {
      const down = running.fleet.status().filter(({ phase }) => phase !== 'ready')
      if (down.length > 0) throw error
    }
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action)
    this.#turn = result.catch(() => {})
    return result
  }
}

/** The fleet, or a clear error where nothing was assigned yet. */
export function requireFleet(workload: ChildWorkload, instance: number): Fleet {
  const fleet = workload.fleet
  if (fleet?.status().some(({ id }) => id === instance)) return fleet
  throw new MachinesError('DM_INSTANCE_UNKNOWN', `no instance ${instance} on this machine`, {
    instance,
  })
}
