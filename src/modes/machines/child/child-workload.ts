/**
 * What a child runs: at most one assignment and its fleet. A new assignment that equals the one in
 * force is adopted and nothing is restarted; any other one waits until the exits of the old
 * instances are confirmed, so no shard ever runs twice on this machine. What is older than the last
 * one is refused; only a restarted child, which knows of nothing, takes whatever comes.
 */
import { isDeepStrictEqual } from 'node:util'
import { MachinesError } from '../../../errors.js'
import type { RunOptions } from '../../../options/resolved-options.js'
import type { Fleet, InstanceStatus } from '../../local/fleet-types.js'
import type { AssignmentSource } from '../control-messages.js'
import { judgeAdopted, type Verdict } from './adopted-start.js'
import { type LastAssignment, staleness } from './assignment-order.js'
import type { CheckedAssignment } from './assignment-parser.js'
import type { TakeoverPolicy } from './parent-admission.js'

/** What is told at once about an assignment that is in force from now on. */
export interface Acceptance {
  /** It ran already, and nothing was restarted. */
  readonly adopted: boolean
  /** How long each step of stopping its instances may take, ms. */
  readonly killTimeoutMs: number
  readonly instances: readonly InstanceStatus[]
}

export interface WorkloadHooks {
  /** Turns the assignment into options of this machine; throws DM_ASSIGNMENT_REFUSED. */
  runOptions(assignment: CheckedAssignment): RunOptions
  createFleet(assignment: CheckedAssignment, run: RunOptions): Fleet
  /** Another assignment is in force; its instances start next. */
  begun(): void
  /** Every exit of the assignment in force is confirmed; it is forgotten next. */
  ended(): void
  /** It is forgotten: nothing runs. */
  cleared(): void
}

export interface Running {
  readonly run: RunOptions
  readonly assignment: CheckedAssignment
  readonly fleet: Fleet
}

export class ChildWorkload {
  readonly #takeover: TakeoverPolicy
  readonly #hooks: WorkloadHooks
  /** Who has given what was put into force last; it outlives a stop. */
  #source: AssignmentSource | undefined
  #running: Running | undefined
  /** Why the start of what runs has failed, if it has. */
  #startFailure: unknown
  /** Assignments and stops are carried out one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  /** An assignment that came before a stop is not begun after it. */
  #stops = 0
  #isClosed = false
  /** What is being stopped. */
  #ending: Running | undefined
  readonly #adoptions: Set<() => void> = new Set()

  constructor(takeover: TakeoverPolicy, hooks: WorkloadHooks) {
    this.#takeover = takeover
    this.#hooks = hooks
  }

  get running(): Running | undefined {
    return this.#running
  }

  /** Whether something runs and all of it is ready. */
  get isReady(): boolean {
    return this.#running?.fleet.status().every(({ phase }) => phase === 'ready') ?? false
  }

  /** The fleet that runs this instance; throws DM_INSTANCE_UNKNOWN. */
  fleetOf(instance: number): Fleet {
    const fleet = this.#running?.fleet
    if (fleet?.status().some(({ id }) => id === instance)) return fleet
    throw new MachinesError('DM_INSTANCE_UNKNOWN', `no instance ${instance} on this machine`, {
      instance,
    })
  }

  /**
   * Puts an assignment into force, calls `accepted`, and resolves when every instance is ready.
   *
   * Rejects before `accepted` with DM_ASSIGNMENT_STALE or DM_ASSIGNMENT_REFUSED (what runs then runs
   * on), afterwards with DM_START_FAILED; and with DM_START_ABORTED or DM_STOPPED when it was
   * overtaken by a stop.
   */
  async apply(
    assignment: CheckedAssignment,
    source: AssignmentSource,
    accepted: (acceptance: Acceptance) => void,
  ): Promise<void> {
    const stopsBefore = this.#stops
    const begun = await this.#inTurn(async () => {
      this.#refuseAfterStop(stopsBefore)
      const current = this.#running
      const isEqual = current !== undefined && isDeepStrictEqual(current.assignment, assignment)
      this.#refuseStale(source, isEqual)
      const run = this.#hooks.runOptions(assignment)
      if (current && isEqual) {
        this.#source = source
        accepted(acceptanceOf(current, true))
        return { started: this.#readyAgain(current) }
      }
      await this.#end('another assignment')
      this.#refuseAfterStop(stopsBefore)
      const running = { run, assignment, fleet: this.#hooks.createFleet(assignment, run) }
      this.#source = source
      return { started: this.#begin(running, accepted) }
    })
    await begun.started
  }

  /** Ends every instance; resolves when all exits are confirmed. */
  stop(reason: string): Promise<void> {
    this.#stops += 1
    return this.#inTurn(() => this.#end(reason))
  }

  /** The same, and no assignment is taken any more. */
  close(reason: string): Promise<void> {
    this.#isClosed = true
    return this.stop(reason)
  }

  /** Something happened to an instance of the fleet. */
  instanceChanged(): void {
    for (const look of this.#adoptions) look()
  }

  #begin(running: Running, accepted: (acceptance: Acceptance) => void): Promise<void> {
    this.#running = running
    this.#startFailure = undefined
    this.#hooks.begun()
    // Before the first instance event: what comes after it belongs to this assignment.
    accepted(acceptanceOf(running, false))
    return running.fleet.start().catch((error: unknown) => {
      if (this.#running === running) this.#startFailure = error
      throw error
    })
  }

  #refuseStale(source: AssignmentSource, isEqual: boolean): void {
    const isInForce = this.#running !== undefined
    const last: LastAssignment | undefined = this.#source && { source: this.#source, isInForce }
    const stale = staleness(source, isEqual, last, this.#takeover)
    if (stale) throw stale
  }

  #refuseAfterStop(stopsBefore: number): void {
    if (this.#isClosed) throw new MachinesError('DM_STOPPED', 'this machine is stopping')
    if (this.#stops === stopsBefore) return
    throw new MachinesError('DM_START_ABORTED', 'the machine was stopped while starting')
  }

  async #end(reason: string): Promise<void> {
    const running = this.#running
    if (!running) return
    this.#ending = running
    this.instanceChanged()
    await running.fleet.stop(reason)
    this.#hooks.ended()
    this.#running = undefined
    this.#hooks.cleared()
  }

  /** Resolves or rejects as soon as no instance is on its way. */
  #readyAgain(running: Running): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const verdict = this.#judge(running)
        if (!verdict) return
        this.#adoptions.delete(look)
        if (verdict.ok) resolve()
        else reject(verdict.error)
      }
      this.#adoptions.add(look)
      look()
    })
  }

  #judge(running: Running): Verdict | undefined {
    const { machine } = running.assignment
    if (this.#ending !== running) {
      return judgeAdopted(machine, running.fleet.status(), this.#startFailure)
    }
    const message = 'the machine was stopped while starting'
    return { ok: false, error: new MachinesError('DM_START_ABORTED', message, { machine }) }
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action)
    this.#turn = result.catch(() => {})
    return result
  }
}

/** Whether a start has ended only because a stop came. */
export function isOvertaken(error: unknown): boolean {
  if (!(error instanceof MachinesError)) return false
  return error.code === 'DM_STOPPED' || error.code === 'DM_START_ABORTED'
}

function acceptanceOf({ fleet, run }: Running, adopted: boolean): Acceptance {
  const instances = fleet.status()
  const waiting = instances.map((status) => ({ ...status, phase: 'waiting' }) as const)
  return { adopted, killTimeoutMs: run.killTimeoutMs, instances: adopted ? instances : waiting }
}
