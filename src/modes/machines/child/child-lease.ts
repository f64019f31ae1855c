/**
 * How long this machine may run what its parent has assigned: the child's side of the lease. Pure.
 *
 * The child counts from the moment it SENT the request that was granted, so its end is never later
 * than the parent's idea of it, however long either message travelled. All times are those of one
 * clock that goes on while this process is suspended or the machine sleeps (System.machineTime), and
 * every input looks at the end first: after a suspension nothing is done on the strength of a lease
 * that has ended meanwhile.
 *
 *           assigned          granted
 *   free ------------> asked ---------> held --+ granted again, or assigned: asked, with its end
 *    ^ assigned          | end            | end |
 *    | without terms     v                v     |
 *    +--------------- lapsed <------------------+   nothing but an assignment leaves it
 */
import { limits } from '../../../limits.js'
import type { LeaseRequest, LeaseTerms } from '../control-messages.js'

/** Requests in a lease: four may get lost or come late before it ends. */
const requestsPerLease = 5

export type LeaseAction =
  /** To be sent to the parent now. */
  | { readonly type: 'ask'; readonly request: LeaseRequest }
  /** What runs may run until then; undefined: without an end. */
  | { readonly type: 'until'; readonly until: number | undefined }
  /** It has ended: everything is to be stopped, and the assignment is forgotten. */
  | { readonly type: 'lapsed' }

interface Lease {
  readonly terms: LeaseTerms
  readonly revision: number
  /** When everything must end. What ran before has no longer than it had. */
  readonly until: number
  /** Whether a request for this very revision was granted. */
  readonly isGranted: boolean
}

export interface ChildLeaseOptions {
  /** How long instances may live on after the end, ms: of those that run and those about to. */
  stopMs(): number
}

export class ChildLease {
  readonly #options: ChildLeaseOptions
  #lease: Lease | undefined
  #hasLapsed = false
  #isLinked = false
  #n = 0
  #askAt = 0
  /** When each request was sent that may still be granted, in the order of their numbers. */
  readonly #sentAt = new Map<number, number>()

  constructor(options: ChildLeaseOptions) {
    this.#options = options
  }

  /** Undefined without a lease: for ever, or not at all. */
  get terms(): LeaseTerms | undefined {
    return this.#lease?.terms
  }

  /** When what runs must end; undefined: without an end. */
  get until(): number | undefined {
    return this.#lease?.until
  }

  /** Whether instances that the last assignment adds may be started. */
  mayStart(now: number): boolean {
    if (this.#lease === undefined) return !this.#hasLapsed
    return this.#lease.isGranted && now < this.#lease.until
  }

  /** When tick() has something to do; undefined: not before another input. */
  deadline(): number | undefined {
    if (this.#lease === undefined) return undefined
    return this.#isLinked ? Math.min(this.#lease.until, this.#askAt) : this.#lease.until
  }

  tick(now: number): LeaseAction[] {
    const actions = this.#look(now)
    return now >= this.#askAt ? [...actions, ...this.#ask(now)] : actions
  }

  /**
   * An assignment came. What of it runs already goes on until its former end, or for one lease where
   * it had none; what it adds may start once a request for this revision is granted.
   */
  assigned(terms: LeaseTerms | null, revision: number, now: number): LeaseAction[] {
    const actions = this.#look(now)
    const former = this.#lease
    this.#hasLapsed = false
    this.#sentAt.clear()
    if (terms === null) {
      this.#lease = undefined
      return former ? [...actions, { type: 'until', until: undefined }] : actions
    }
    const until = Math.min(former?.until ?? Number.POSITIVE_INFINITY, now + terms.leaseMs)
    this.#lease = { terms, revision, until, isGranted: false }
    return [...actions, { type: 'until', until }, ...this.#ask(now)]
  }

  /** Everything was stopped by the word of the parent: there is nothing to hold a lease for. */
  freed(): void {
    this.#lease = undefined
    this.#sentAt.clear()
  }

  /** Another session: its parent has heard none of the requests so far. */
  session(): void {
    this.#sentAt.clear()
  }

  /** The link of the session is up. */
  linked(now: number): LeaseAction[] {
    this.#isLinked = true
    return [...this.#look(now), ...this.#ask(now)]
  }

  unlinked(): void {
    this.#isLinked = false
  }

  /** The parent grants request `n`; unknown numbers, and those before the last granted, say nothing. */
  granted(n: number, now: number): LeaseAction[] {
    const actions = this.#look(now)
    const lease = this.#lease
    const sentAt = this.#sentAt.get(n)
    if (lease === undefined || sentAt === undefined) return actions
    this.#forgetUpTo(n)
    // Never before the end that there was: each request is later than what gave that one.
    const until = sentAt + lease.terms.leaseMs
    this.#lease = { ...lease, until, isGranted: true }
    return [...actions, { type: 'until', until }]
  }

  /** Whether it has ended, before anything is done on the strength of it. */
  #look(now: number): LeaseAction[] {
    if (this.#lease === undefined || now < this.#lease.until) return []
    this.freed()
    this.#hasLapsed = true
    return [{ type: 'lapsed' }]
  }

  #ask(now: number): LeaseAction[] {
    if (this.#lease === undefined || !this.#isLinked) return []
    const { terms, revision } = this.#lease
    this.#n += 1
    this.#sentAt.set(this.#n, now)
    this.#forgetUpTo(this.#n - limits.leaseRequestsMax)
    this.#askAt = now + terms.leaseMs / requestsPerLease
    const stopMs = this.#options.stopMs()
    return [{ type: 'ask', request: { n: this.#n, revision, stopMs } }]
  }

  #forgetUpTo(last: number): void {
    for (const n of this.#sentAt.keys()) {
      if (n > last) return
      this.#sentAt.delete(n)
    }
  }
}
