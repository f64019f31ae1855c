/**
 * When the instances of a machine have surely ended although it says nothing: the parent's side of
 * the leases. Pure.
 *
 * A machine counts its lease from the moment it sent a request, the parent from the moment it sent
 * the grant, which is later; so the parent's end is never before the machine's, however long either
 * message travelled. What remains is that clocks run at slightly different speeds, and that stopping
 * takes time: the margin and `stopMs`.
 */
import { limits } from '../../../../limits.js'
import type { LeaseRecord } from './ownership-types.js'

/** Clocks of two machines differ by far less than this per unit of time. */
const clockDrift = 0.02

/** What the parent waits beyond lease and stop time, ms. */
export function leaseMarginMs(leaseMs: number): number {
  return limits.leaseMarginMs + leaseMs * clockDrift
}

interface Entry extends LeaseRecord {
  /** When the last grant was sent, or the first request of this machine could have been. */
  readonly grantedAt: number
}

export class LeaseBook {
  readonly leaseMs: number
  readonly #marginMs: (leaseMs: number) => number
  readonly #startedAt: number
  readonly #entries = new Map<string, Entry>()

  /** `marginMs`: for tests that look whether a missing margin is found. */
  constructor(leaseMs: number, now: number, marginMs: typeof leaseMarginMs = leaseMarginMs) {
    this.leaseMs = leaseMs
    this.#marginMs = marginMs
    this.#startedAt = now
  }

  /** An earlier start of this parent may have granted it such a lease until this one began. */
  open(machine: string, lease: LeaseRecord = this.#usual): void {
    this.#entries.set(machine, { ...lease, grantedAt: this.#startedAt })
  }

  /** The machine runs something without a lease: that never ends by itself. */
  close(machine: string): void {
    this.#entries.delete(machine)
  }

  /** The machine was told to run something: no lease for that begins before now. */
  told(machine: string, now: number): void {
    const entry = this.#entries.get(machine)
    if (entry) this.#entries.set(machine, { ...entry, grantedAt: Math.max(entry.grantedAt, now) })
  }

  /** It runs by the terms of an earlier start, which may be longer, until it asks by the new ones. */
  runsBy(machine: string, leaseMs: number, now: number): void {
    const { stopMs } = this.termsOf(machine)
    const longer = Math.max(leaseMs, this.leaseMs)
    this.#entries.set(machine, { leaseMs: longer, stopMs, grantedAt: now })
  }

  granted(machine: string, stopMs: number, now: number): void {
    this.#entries.set(machine, { leaseMs: this.leaseMs, stopMs, grantedAt: now })
  }

  /** From when on nothing that the machine was granted can still run. */
  endOf(machine: string): number {
    const entry = this.#entries.get(machine)
    if (entry === undefined) return Infinity
    const { leaseMs, stopMs, grantedAt } = entry
    return grantedAt + leaseMs + stopMs + this.#marginMs(leaseMs)
  }

  termsOf(machine: string): LeaseRecord {
    const { leaseMs, stopMs } = this.#entries.get(machine) ?? this.#usual
    return { leaseMs, stopMs }
  }

  /** What the next start has to know of it; null: what it runs, it runs without a lease. */
  recordOf(machine: string): LeaseRecord | null {
    return this.#entries.has(machine) ? this.termsOf(machine) : null
  }

  get #usual(): LeaseRecord {
    return { leaseMs: this.leaseMs, stopMs: limits.leaseStopMsDefault }
  }
}
