/**
 * What a child runs: at most one assignment and its fleet. Of a new assignment only the difference is
 * carried out: what runs the same shards in both is not touched; the rest is ended, its exits are
 * confirmed, and only then what is new is started, so no shard ever runs twice on this machine. Where
 * the two differ in more than instances, everything is ended first. What is older than the last one
 * is refused; only a restarted child, which knows of nothing, takes whatever comes.
 */
import { MachinesError } from '../../../errors.js'
import type { RunOptions } from '../../../options/resolved-options.js'
import type { Fleet, InstanceEvent } from '../../local/fleet-types.js'
import type { AssignmentSource } from '../control-messages.js'
import { type Acceptance, acceptanceOf } from './acceptance.js'
import { type Difference, differenceOf, isNone } from './assignment-difference.js'
import { type LastAssignment, staleness } from './assignment-order.js'
import type { CheckedAssignment } from './assignment-parser.js'
import type { TakeoverPolicy } from './parent-admission.js'
import { type WorkReport, workReport } from './running-report.js'
import { overtaken, StartWatch } from './start-watch.js'

export interface WorkloadOptions {
  readonly takeover: TakeoverPolicy
  /**
   * Nothing is begun, and nothing is said of what runs, before this has resolved: the instances of an
   * earlier start of this child may still live. It must not reject.
   */
  readonly after?: Promise<void>
}

export interface WorkloadHooks {
  /** Turns the assignment into options of this machine; throws DM_ASSIGNMENT_REFUSED. */
  runOptions(assignment: CheckedAssignment): RunOptions
  /** A fleet of none; what it is to run is added later. */
  createFleet(assignment: CheckedAssignment, run: RunOptions): Fleet
  /** Another fleet is in force; it runs nothing yet. */
  begun(running: Running): void
  /** Instances are added to the fleet; they start next. */
  growing(): void
  /** Resolves when what the last assignment adds may be started, and rejects when it never may. */
  mayStart(): Promise<void>
  /** Every exit of the assignment in force is confirmed; it is forgotten next. */
  ended(): void
  /** It is forgotten: nothing runs. */
  cleared(): void
}

/** How far an assignment is; each step comes once, in this order, or never. */
export interface Progress {
  /** It is not refused any more: what runs is changed for it next. */
  taken(run: RunOptions): void
  /** It is in force. */
  accepted(acceptance: Acceptance): void
  /** Everything that is not in it has surely exited. What it adds is started next. */
  released(): void
}

export interface Running {
  readonly run: RunOptions
  /** What is the same for all of its instances, which the fleet knows best. */
  readonly assignment: Omit<CheckedAssignment, 'instances'>
  readonly fleet: Fleet
}

/** An assignment on its way. */
interface Order {
  readonly assignment: CheckedAssignment
  readonly source: AssignmentSource
  readonly progress: Progress
  readonly era: number
}

/** Wrapped, as a promise that is returned by itself would be waited for. */
interface Begun {
  readonly started: Promise<void>
}

export class ChildWorkload {
  readonly #takeover: TakeoverPolicy
  readonly #hooks: WorkloadHooks
  /** Until the instances of an earlier start of this child are gone. */
  #former: Promise<void> | undefined
  /** Who has given what was put into force last; it outlives a stop. */
  #source: AssignmentSource | undefined
  #running: Running | undefined
  /** Assignments and stops are carried out one after the other. */
  #turn: Promise<unknown>
  /** Counts what has ended everything before it: an assignment of an earlier era starts nothing. */
  #era = 0
  #isClosed = false
  /** What is being stopped. */
  #ending: Running | undefined
  readonly #starts = new StartWatch(
    (running) => this.#running === running && this.#ending !== running,
  )

  constructor({ takeover, after }: WorkloadOptions, hooks: WorkloadHooks) {
    this.#takeover = takeover
    this.#hooks = hooks
    this.#former = after?.then(() => {
      this.#former = undefined
    })
    this.#turn = this.#former ?? Promise.resolve()
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
   * Puts an assignment into force, and resolves when every instance of it is ready.
   *
   * Rejects before it is accepted with DM_ASSIGNMENT_STALE or DM_ASSIGNMENT_REFUSED (what runs then
   * runs on), afterwards with DM_START_FAILED; and with DM_START_ABORTED or DM_STOPPED when it was
   * overtaken by a stop, a session or another assignment.
   */
  async apply(
    assignment: CheckedAssignment,
    source: AssignmentSource,
    progress: Progress,
  ): Promise<void> {
    const order: Order = { assignment, source, progress, era: this.#era }
    const begun = await this.#inTurn(() => {
      this.#refuseBygone(order)
      const current = this.#running
      const change = current && differenceOf(contentOf(current), assignment)
      this.#refuseStale(source, change !== undefined && isNone(change))
      return current && change ? this.#adjust(order, current, change) : this.#replace(order)
    })
    await begun.started
  }

  /**
   * Tells a parent what runs, as its session begins. Nothing else is started afterwards unless that
   * session asks for it: an assignment that came before and has not started anything never will.
   */
  report(tell: (report: WorkReport) => void): void {
    this.#era += 1
    const tellNow = () => tell(workReport(this.#running, this.#source))
    if (this.#former) void this.#former.then(tellNow)
    else tellNow()
  }

  /** Ends every instance; resolves when all exits are confirmed. */
  stop(reason: string): Promise<void> {
    this.#era += 1
    return this.#inTurn(() => this.#end(reason))
  }

  /** The same, and no assignment is taken any more. */
  close(reason: string): Promise<void> {
    this.#isClosed = true
    return this.stop(reason)
  }

  /** Something happened to an instance of the fleet. */
  happened(event: InstanceEvent): void {
    this.#starts.happened(event)
  }

  /** Everything that runs is ended for it. */
  async #replace(order: Order): Promise<Begun> {
    const { instances, ...assignment } = order.assignment
    const run = this.#hooks.runOptions(order.assignment)
    order.progress.taken(run)
    await this.#end('another assignment')
    this.#refuseBygone(order)
    const fleet = this.#hooks.createFleet({ ...assignment, instances: [] }, run)
    void fleet.start()
    const running = this.#putInForce({ run, assignment, fleet }, order)
    this.#hooks.begun(running)
    const change: Difference = { kept: new Set(), removed: [], added: instances }
    order.progress.accepted(acceptanceOf(running, change, false))
    order.progress.released()
    return { started: this.#start(order, running, change) }
  }

  /** What runs the same shards in it runs on. */
  async #adjust(order: Order, current: Running, change: Difference): Promise<Begun> {
    const { progress } = order
    progress.taken(current.run)
    const isSame = isNone(change)
    // Another object where something changes: whoever waits for the former one is overtaken.
    const running = this.#putInForce(isSame ? current : { ...current }, order)
    progress.accepted(acceptanceOf(running, change, isSame))
    await running.fleet.remove(change.removed, 'another assignment')
    progress.released()
    return { started: this.#start(order, running, change) }
  }

  async #start(order: Order, running: Running, { kept, added }: Difference): Promise<void> {
    this.#refuseBygone(order)
    if (added.length > 0) {
      this.#hooks.growing()
      await this.#hooks.mayStart()
      this.#refuseBygone(order)
      if (this.#source !== order.source) throw overtaken()
    }
    await this.#starts.untilStarted(running, kept, running.fleet.add(added))
  }

  #putInForce(running: Running, { source }: Order): Running {
    this.#running = running
    this.#source = source
    this.#starts.changed()
    return running
  }

  #refuseStale(source: AssignmentSource, isEqual: boolean): void {
    const isInForce = this.#running !== undefined
    const last: LastAssignment | undefined = this.#source && { source: this.#source, isInForce }
    const stale = staleness(source, isEqual, last, this.#takeover)
    if (stale) throw stale
  }

  #refuseBygone({ era }: Order): void {
    if (this.#isClosed) throw new MachinesError('DM_STOPPED', 'this machine is stopping')
    if (this.#era !== era) throw overtaken()
  }

  async #end(reason: string): Promise<void> {
    const running = this.#running
    if (!running) return
    this.#ending = running
    this.#starts.changed()
    await running.fleet.stop(reason)
    this.#hooks.ended()
    this.#running = undefined
    this.#hooks.cleared()
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action)
    this.#turn = result.catch(() => {})
    return result
  }
}

/** The assignment as it is carried out now. */
function contentOf({ assignment, fleet }: Running): CheckedAssignment {
  return { ...assignment, instances: fleet.status() }
}
