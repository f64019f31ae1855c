/**
 * Where every instance is meant to run, and who has room. Pure.
 *
 * An instance belongs to exactly one machine at all times, also while that one is lost or it is on
 * its way. Before anybody was told anything, that is its home, and gives way to what is found running.
 */
import { place } from '../../../../allocator/place.js'
import type { Placed, Placement, Room } from '../../../../allocator/placement.js'
import type { ShardMove } from '../../../../allocator/plan-types.js'
import { rebalance } from '../../../../allocator/rebalance.js'
import type { MachineRoom, OwnedInstance } from './ownership-types.js'

interface Seat extends MachineRoom {
  isDraining: boolean
  readonly wanted: Set<number>
}

export class Whereabouts {
  readonly #instances: ReadonlyMap<number, OwnedInstance>
  readonly #at = new Map<number, string>()
  readonly #seats = new Map<string, Seat>()
  /** Those of which somebody was told already, or that were moved: what runs elsewhere is wrong. */
  readonly #settled = new Set<number>()
  #version = 0

  constructor(instances: readonly OwnedInstance[], machines: readonly MachineRoom[]) {
    this.#instances = new Map(instances.map((one) => [one.id, one]))
    for (const machine of machines) this.join(machine)
    for (const { id, home } of instances) this.#put(id, home)
  }

  /** Counts the changes: a plan is good for the version it was made of. */
  get version(): number {
    return this.#version
  }

  get machines(): readonly string[] {
    return [...this.#seats.keys()]
  }

  has(machine: string): boolean {
    return this.#seats.has(machine)
  }

  isDraining(machine: string): boolean {
    return this.#seats.get(machine)?.isDraining ?? false
  }

  instance(id: number): OwnedInstance | undefined {
    return this.#instances.get(id)
  }

  get instances(): Iterable<OwnedInstance> {
    return this.#instances.values()
  }

  machineOf(id: number): string | undefined {
    return this.#at.get(id)
  }

  wantedOn(machine: string): ReadonlySet<number> {
    return this.#seats.get(machine)?.wanted ?? new Set()
  }

  join(machine: MachineRoom): void {
    this.#version += 1
    this.#seats.set(machine.name, { ...machine, isDraining: false, wanted: new Set() })
  }

  /** Only after its instances were moved. */
  leave(machine: string): void {
    this.#version += 1
    this.#seats.delete(machine)
  }

  drain(machine: string, isDraining: boolean): void {
    const seat = this.#seats.get(machine)
    if (seat === undefined || seat.isDraining === isDraining) return
    this.#version += 1
    seat.isDraining = isDraining
  }

  /** Its machine was told to run it. */
  settle(id: number): void {
    this.#settled.add(id)
  }

  /** It was found running there; true when that is where it belongs from now on. */
  adopt(id: number, machine: string): boolean {
    if (this.#settled.has(id) || this.#at.get(id) === machine) return false
    this.#put(id, machine)
    return true
  }

  move(id: number, to: string): ShardMove | undefined {
    const instance = this.#instances.get(id)
    const from = this.#at.get(id)
    if (instance === undefined || from === undefined || from === to || !this.has(to)) return
    this.#put(id, to)
    this.#settled.add(id)
    return { instance: id, shards: instance.shards, from, to }
  }

  /** Where the orphans would go if nothing else moved. `isUsable`: who may be given shards. */
  place(orphans: ReadonlySet<number>, isUsable: (machine: string) => boolean): Placement {
    const all = this.#placed()
    const homeless = all.filter(({ instance }) => orphans.has(instance))
    return place(this.#rooms(isUsable), all, homeless)
  }

  /** What a balanced placement takes. */
  rebalance(isUsable: (machine: string) => boolean): Placement {
    return rebalance(this.#rooms(isUsable), this.#placed())
  }

  #put(id: number, machine: string): void {
    this.#version += 1
    const former = this.#at.get(id)
    if (former !== undefined) this.#seats.get(former)?.wanted.delete(id)
    this.#at.set(id, machine)
    this.#seats.get(machine)?.wanted.add(id)
  }

  #rooms(isUsable: (machine: string) => boolean): Room[] {
    return [...this.#seats.values()].map(({ name, weight, maxShards, isDraining }) => ({
      machine: name,
      weight,
      maxShards,
      isUsable: !isDraining && isUsable(name),
    }))
  }

  #placed(): Placed[] {
    return [...this.#instances.values()].map(({ id, shards, home }) => ({
      instance: id,
      shards: shards.length,
      at: this.#at.get(id),
      home,
    }))
  }
}
