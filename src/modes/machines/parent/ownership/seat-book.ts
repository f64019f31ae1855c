/** What every machine was told last, whether it hears, and what it has to be told now. Pure. */
import type { Holdings } from './holdings.js'
import type { LeaseBook } from './lease-book.js'
import type { OwnershipAction } from './ownership-types.js'
import type { Whereabouts } from './whereabouts.js'

export interface Seat {
  /** It has said in this session what it runs. */
  hasReported: boolean
  isReachable: boolean
  /** Another parent has it; what it runs is not this one's to give away. */
  isCeded: boolean
  /** Of the last assignment of this start. */
  revision: number
  /** What that says; undefined: nothing was said in this session, or it is not so any more. */
  told: ReadonlySet<number> | undefined
  /** What it has reported to run as this plan has it, for as long as it was told to go on with it. */
  runs: ReadonlySet<number>
}

type Assign = Extract<OwnershipAction, { type: 'assign' }>

export class SeatBook {
  readonly #where: Whereabouts
  readonly #holdings: Holdings
  readonly #leases: LeaseBook | undefined
  readonly #seats = new Map<string, Seat>()
  /** Those that may have to be told something else. */
  readonly #marked = new Set<string>()

  constructor(where: Whereabouts, holdings: Holdings, leases: LeaseBook | undefined) {
    this.#where = where
    this.#holdings = holdings
    this.#leases = leases
  }

  get all(): ReadonlyMap<string, Seat> {
    return this.#seats
  }

  get(machine: string): Seat | undefined {
    return this.#seats.get(machine)
  }

  /** False: it was there already. */
  join(machine: string): boolean {
    if (this.#seats.has(machine)) return false
    const seat = { hasReported: false, isReachable: false, isCeded: false, revision: 0 }
    this.#seats.set(machine, { ...seat, told: undefined, runs: nothing })
    return true
  }

  leave(machine: string): boolean {
    this.#marked.delete(machine)
    return this.#seats.delete(machine)
  }

  /** Whether a machine can be given shards now. */
  isUsable(machine: string): boolean {
    const seat = this.#seats.get(machine)
    return seat?.hasReported === true && seat.isReachable && !seat.isCeded
  }

  /** Whether the machine was told all that belongs to it. */
  isWhole(machine: string): boolean {
    const told = this.#seats.get(machine)?.told
    return told !== undefined && areSame(told, this.#where.wantedOn(machine))
  }

  /** It is looked at in the next due(); one that does not hear then is marked again when it does. */
  mark(machine: string): void {
    this.#marked.add(machine)
  }

  markAll(): void {
    for (const machine of this.#seats.keys()) this.#marked.add(machine)
  }

  /** What has to be told now; it counts as told from here on. */
  due(now: number): readonly Assign[] {
    const assignments = [...this.#marked].flatMap((machine) => this.#assign(machine, now))
    this.#marked.clear()
    return assignments
  }

  #assign(machine: string, now: number): Assign[] {
    const seat = this.#seats.get(machine)
    if (!seat?.hasReported || !seat.isReachable) return []
    const free = [...this.#where.wantedOn(machine)].filter(
      (id) => this.#holdings.isFreeFor(id, machine) || this.#isOnlyThere(id, machine, seat),
    )
    const told = new Set(free)
    seat.runs = new Set([...seat.runs].filter((id) => told.has(id)))
    if (seat.told && areSame(seat.told, told)) return []
    seat.told = told
    seat.isCeded = false
    seat.revision += 1
    this.#holdings.add(machine, free)
    this.#leases?.told(machine, now)
    for (const id of free) this.#where.settle(id)
    const instances = free.toSorted((a, b) => a - b)
    return [{ type: 'assign', machine, revision: seat.revision, instances }]
  }

  /**
   * It runs there, so whoever gave it away before has not given it to one that is not heard yet: it
   * runs on, while whatever does not run anywhere waits for all of them.
   */
  #isOnlyThere(id: number, machine: string, { runs }: Seat): boolean {
    return runs.has(id) && this.#holdings.holdersOf(id).every((holder) => holder === machine)
  }
}

const nothing: ReadonlySet<number> = new Set()

function areSame(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id))
}
