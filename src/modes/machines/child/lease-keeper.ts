/**
 * Keeps the lease of this machine: carries out what the core decides (child-lease.ts), tells the
 * fleet how long it may run, and stops everything when the parent has not renewed it in time.
 */
import { MachinesError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import type { Cancel, System } from '../../../system/system.js'
import type { Fleet } from '../../local/fleet-types.js'
import type { LeaseRequest, LeaseTerms } from '../control-messages.js'
import { ChildLease, type LeaseAction } from './child-lease.js'
import { overtaken } from './start-watch.js'

export interface LeaseHooks {
  /** Sends it to the parent. */
  ask(request: LeaseRequest): void
  /** Of what runs now, ms; 0 where nothing does. */
  killTimeoutMs(): number
  /** Ends every instance; resolves when all exits are confirmed. */
  stop(reason: string): Promise<void>
  /** Everything was stopped because the lease has ended. */
  stopped(): void
  warning(error: MachinesError): void
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: MachinesError) => void
}

export class LeaseKeeper {
  readonly #system: System
  readonly #hooks: LeaseHooks
  readonly #core: ChildLease
  #fleet: Pick<Fleet, 'lease'> | undefined
  /** Of what the last assignment runs. */
  #killTimeoutMs = 0
  #waiters: Waiter[] = []
  #cancelTimer: Cancel = () => {}

  constructor(system: System, hooks: LeaseHooks) {
    this.#system = system
    this.#hooks = hooks
    this.#core = new ChildLease({ stopMs: () => this.#stopMs() })
  }

  /** By which the machine runs; null: for as long as nobody says otherwise. */
  get terms(): LeaseTerms | null {
    return this.#core.terms ?? null
  }

  /** How long the lease still runs, ms; 0 without one. */
  get leftMs(): number {
    const { until } = this.#core
    return until === undefined ? 0 : Math.max(0, until - this.#now())
  }

  /** An assignment is about to be carried out. */
  assigned(terms: LeaseTerms | null, revision: number, killTimeoutMs: number): void {
    this.#killTimeoutMs = killTimeoutMs
    this.#turnAway()
    this.#carryOut(this.#core.assigned(terms, revision, this.#now()))
  }

  /** The fleet that the assignment runs on. */
  attach(fleet: Pick<Fleet, 'lease'>): void {
    this.#fleet = fleet
    if (this.#core.until !== undefined) fleet.lease(this.#core.until)
  }

  /** The fleet has ended. */
  detach(): void {
    this.#fleet = undefined
  }

  /**
   * Resolves when instances that the last assignment adds may be started. Rejects with
   * DM_START_ABORTED when another one comes, everything is stopped, or the lease has ended before.
   */
  mayStart(): Promise<void> {
    if (this.#core.mayStart(this.#now())) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  /** The link of the parent's session is up; `isNew`: it was not resumed. */
  linked(isNew: boolean): void {
    if (isNew) this.#core.session()
    this.#carryOut(this.#core.linked(this.#now()))
  }

  unlinked(): void {
    this.#core.unlinked()
    this.#setTimer()
  }

  /** The parent grants request `n`. */
  granted(n: number): void {
    this.#carryOut(this.#core.granted(n, this.#now()))
  }

  /** Everything is to be stopped, for another reason than the lease. */
  freed(): void {
    this.#core.freed()
    this.#turnAway()
    this.#setTimer()
  }

  #now(): number {
    return this.#system.machineTime()
  }

  /** What ran before may be on its way down with other options while this one begins. */
  #stopMs(): number {
    const killTimeoutMs = Math.max(this.#killTimeoutMs, this.#hooks.killTimeoutMs())
    return 2 * killTimeoutMs + limits.leaseStopMarginMs
  }

  #carryOut(actions: readonly LeaseAction[]): void {
    for (const action of actions) {
      if (action.type === 'ask') this.#hooks.ask(action.request)
      else if (action.type === 'until') this.#fleet?.lease(action.until)
      else this.#lapsed()
    }
    if (this.#core.mayStart(this.#now())) this.#letIn()
    this.#setTimer()
  }

  #lapsed(): void {
    // Whatever is granted from now on is not for the instances of this fleet.
    this.detach()
    this.#turnAway()
    const why = 'the parent has not renewed the lease of this machine in time'
    this.#hooks.warning(new MachinesError('DM_LEASE_LOST', `${why}: its instances are stopped`))
    this.#hooks.stop('lease').then(
      () => this.#hooks.stopped(),
      (cause: unknown) => {
        const message = 'the stop at the end of the lease failed'
        this.#hooks.warning(new MachinesError('DM_INTERNAL', message, { cause }))
      },
    )
  }

  #letIn(): void {
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }

  #turnAway(): void {
    for (const { reject } of this.#waiters.splice(0)) reject(overtaken())
  }

  /** Timers stand still while the machine sleeps, so it looks more often than the core asks for. */
  #setTimer(): void {
    this.#cancelTimer()
    const deadline = this.#core.deadline()
    if (deadline === undefined) return
    const leftMs = Math.max(0, Math.ceil(deadline - this.#now()))
    this.#cancelTimer = this.#system.setTimer(Math.min(leftMs, limits.leaseLookEveryMs), () =>
      this.#carryOut(this.#core.tick(this.#now())),
    )
  }
}
