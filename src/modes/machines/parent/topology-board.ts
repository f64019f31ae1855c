/** The topology as the parent knows it, and how every machine learns of its changes. */
import type { ShardMove, ShardPlan } from '../../../allocator/plan-types.js'
import type { Router } from '../../../routing/router.js'
import { Topology } from '../../../routing/topology.js'
import type { TopologyPatch } from '../../../routing/topology-wire.js'
import type { Cancel, System } from '../../../system/system.js'
import { encodeControl } from '../control-messages.js'

import type { Seat, Seats } from './seats.js'

type Change = Omit<TopologyPatch, 'version' | 'down'>

export class TopologyBoard {
  readonly #seats: Seats
  readonly #system: System
  readonly #router: () => Router
  /** Those that were told the whole of it in this session, and are told changes now. */
  readonly #told = new Set<Seat>()
  #topology: Topology
  #moved = new Map<number, number>()
  #added: { index: number; name: string }[] = []
  #removed: number[] = []
  #cancel: Cancel | undefined

  constructor(plan: ShardPlan, seats: Seats, system: System, router: () => Router) {
    this.#seats = seats
    this.#system = system
    this.#router = router
    this.#topology = Topology.fromPlan(
      plan,
      plan.machines.map(({ index }) => index),
    )
  }

  get topology(): Topology {
    return this.#topology
  }

  /** The machine that is planned to run the instance. */
  seatOf(instance: number): Seat | undefined {
    const index = this.#topology.machineOf(instance)
    return index === undefined ? undefined : this.#seats.at(index)
  }

  moved(moves: readonly ShardMove[]): void {
    for (const { instance, to } of moves) {
      const seat = this.#seats.find(to)
      if (seat) this.#moved.set(instance, seat.index)
    }
    this.#changeSoon()
  }

  added({ index, point: { name } }: Seat): void {
    this.#added.push({ index, name })
    this.#changeSoon()
  }

  removed(seat: Seat): void {
    this.#told.delete(seat)
    this.#removed.push(seat.index)
    this.#changeSoon()
  }

  /** Who can be reached has changed. */
  reachableChanged(): void {
    this.#changeSoon()
  }

  sessionEnded(seat: Seat): void {
    this.#told.delete(seat)
  }

  stop(): void {
    this.#cancel?.()
  }

  /** Once per turn of the event loop: while machines start, or are lost, much changes together. */
  #changeSoon(): void {
    this.#cancel ??= this.#system.setTimer(0, () => this.#publish())
  }

  #publish(): void {
    this.#cancel = undefined
    const down = this.#seats.all.filter(({ member }) => !member.isReachable)
    const version = this.#topology.version + 1
    const patch = { ...this.#takeChange(), version, down: down.map(({ index }) => index) }
    this.#topology = this.#topology.patched(patch)
    this.#router().setTopology(this.#topology)
    this.#tellAll(patch)
  }

  #takeChange(): Change {
    const change = {
      ...(this.#moved.size > 0 ? { moved: [...this.#moved] } : {}),
      ...(this.#added.length > 0 ? { added: this.#added } : {}),
      ...(this.#removed.length > 0 ? { removed: this.#removed } : {}),
    }
    this.#moved = new Map()
    this.#added = []
    this.#removed = []
    return change
  }

  /** Encoded once for all of them: with many machines it is long, and changes often. */
  #tellAll(patch: TopologyPatch): void {
    const change = encodeControl({ op: 'topology-patch', patch })
    let whole: Uint8Array | undefined
    for (const seat of this.#seats.all) {
      if (!seat.member.isReachable) {
        // What it misses now it cannot catch up with by the next change.
        this.#told.delete(seat)
      } else if (this.#told.has(seat)) {
        seat.member.post(change)
      } else {
        whole ??= encodeControl({ op: 'topology', topology: this.#topology.toWire() })
        seat.member.post(whole)
        this.#told.add(seat)
      }
    }
  }
}
