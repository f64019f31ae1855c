/**
 * Which lost machines lose their shards now, and who gets them. Pure.
 *
 * A machine is given away when nothing it was granted can still run, it is out of reach, and a
 * majority answers this parent; and only some machines per round, because a parent that loses sight
 * of very many is more likely wrong about itself than about them.
 */
import { limits } from '../../../../limits.js'
import type { Electorate } from './electorate.js'
import type { LeaseBook } from './lease-book.js'
import type { HeldWhy, OwnershipAction } from './ownership-types.js'
import type { Seat } from './seat-book.js'
import type { Whereabouts } from './whereabouts.js'

type HeldBack = Extract<OwnershipAction, { type: 'held-back' }>

export interface Verdict {
  readonly moves: readonly { readonly instance: number; readonly to: string }[]
  /** What is news about those that keep their shards for now. */
  readonly held: readonly HeldBack[]
}

export class GiveAway {
  readonly #where: Whereabouts
  readonly #leases: LeaseBook
  readonly #voters: Electorate
  readonly #toldWhy = new Map<string, HeldWhy>()
  #nextRoundAt = -Infinity

  constructor(where: Whereabouts, leases: LeaseBook, voters: Electorate) {
    this.#where = where
    this.#leases = leases
    this.#voters = voters
  }

  look(seats: ReadonlyMap<string, Seat>, now: number): Verdict {
    const lost = this.#where.machines.filter((name) => this.#isLost(name, seats, now))
    for (const name of this.#toldWhy.keys()) if (!lost.includes(name)) this.#toldWhy.delete(name)
    if (lost.length === 0) return { moves: [], held: [] }
    if (!this.#voters.hasMajority) {
      this.waitForReturns(now)
      return this.#hold(lost, 'no-majority')
    }
    if (now < this.#nextRoundAt) return this.#hold(lost, 'round-full')
    return this.#round(lost, seats, now)
  }

  /** Many machines were out of sight, for this parent's own reasons: it dials all of them first. */
  waitForReturns(now: number): void {
    this.#nextRoundAt = Math.max(this.#nextRoundAt, now + limits.redialDelayMsMax)
  }

  #round(lost: readonly string[], seats: ReadonlyMap<string, Seat>, now: number): Verdict {
    const most = Math.max(1, Math.floor(seats.size / limits.reassignRoundPart))
    const chosen = lost.slice(0, most)
    const isUsable = (name: string) => isInSight(seats.get(name))
    const orphans = new Set(chosen.flatMap((name) => [...this.#where.wantedOn(name)]))
    const { moves, unplaced } = this.#where.place(orphans, isUsable)
    if (moves.length > 0) this.#nextRoundAt = now + limits.reassignRoundMs
    const without = new Set(unplaced.map((id) => this.#where.machineOf(id)))
    const held = [
      ...this.#hold(
        chosen.filter((name) => without.has(name)),
        'no-room',
      ).held,
      ...this.#hold(lost.slice(most), 'round-full').held,
    ]
    return { moves, held }
  }

  #isLost(name: string, seats: ReadonlyMap<string, Seat>, now: number): boolean {
    const seat = seats.get(name)
    if (seat === undefined || seat.isCeded || isInSight(seat)) return false
    return this.#where.wantedOn(name).size > 0 && this.#leases.endOf(name) <= now
  }

  #hold(machines: readonly string[], why: HeldWhy): Verdict {
    const held = machines.flatMap((machine): HeldBack[] => {
      if (this.#toldWhy.get(machine) === why) return []
      this.#toldWhy.set(machine, why)
      const instances = [...this.#where.wantedOn(machine)].toSorted((a, b) => a - b)
      return [{ type: 'held-back', machine, why, instances }]
    })
    return { moves: [], held }
  }
}

function isInSight(seat: Seat | undefined): boolean {
  return seat?.hasReported === true && seat.isReachable
}
