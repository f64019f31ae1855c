/** The instances on one machine, and which of them should leave it first. Pure. */
import type { Placed } from './placement.js'

export class Stock {
  readonly #machine: string
  /** By size, then by home; no list is empty. */
  readonly #sizes = new Map<number, Map<string | undefined, Placed[]>>()

  constructor(machine: string) {
    this.#machine = machine
  }

  has(shards: number): boolean {
    return this.#sizes.has(shards)
  }

  add(one: Placed): void {
    const homes = this.#sizes.get(one.shards) ?? new Map<string | undefined, Placed[]>()
    this.#sizes.set(one.shards, homes)
    const list = homes.get(one.home)
    if (list) list.push(one)
    else homes.set(one.home, [one])
  }

  /** Takes out one of this size: best one that comes home at `to`, then one that is not at home. */
  take(shards: number, to: string): Placed | undefined {
    const homes = this.#sizes.get(shards)
    if (!homes) return undefined
    const home = homes.has(to) ? to : this.#strangerIn(homes)
    const list = homes.get(home)
    const one = list?.pop()
    if (list?.length === 0) homes.delete(home)
    if (homes.size === 0) this.#sizes.delete(shards)
    return one
  }

  #strangerIn(homes: ReadonlyMap<string | undefined, Placed[]>): string | undefined {
    for (const home of homes.keys()) if (home !== this.#machine) return home
    return this.#machine
  }
}
