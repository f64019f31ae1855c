/**
 * The referee: which instance is alive for which shard. It is told by the virtual launcher alone, not
 * by the product, so it knows what is and not what the product believes.
 *
 * An instance counts from its launch to the confirmed end of its process. A suspended one counts:
 * Discord still sees its session. One on a machine that sleeps does not, as nothing there could end
 * it, nor for the short time after its waking until its reaper has looked at the clock.
 */
import { limits } from '../../../src/limits.js'
import type { VirtualHost } from './virtual-host.js'
import type { VirtualInstance } from './virtual-instances.js'
import type { World } from './virtual-world.js'

/** What a reaper takes at most to find a lease that has ended while its machine slept, ms. */
const wakingMs = limits.reaperLookEveryMs + 50

export class OwnershipLedger {
  readonly #world: World
  readonly #alive = new Set<VirtualInstance>()
  readonly #byShard = new Map<number, Set<VirtualInstance>>()
  #pids = 100
  #calls = 0
  readonly #openCalls = new Map<number, string>()

  constructor(world: World) {
    this.#world = world
  }

  get alive(): readonly VirtualInstance[] {
    return [...this.#alive]
  }

  /** Calls that were made and have not ended. */
  get openCalls(): readonly string[] {
    return [...this.#openCalls.values()]
  }

  nextPid(): number {
    return this.#pids++
  }

  launched(instance: VirtualInstance): void {
    const { process, spec } = instance
    this.#world.count('launch')
    this.#world.note(`${process.host.name} launches ${process.name}: shards ${spec.shards.join()}`)
    for (const shard of spec.shards) this.#servedBy(shard).add(instance)
    this.#alive.add(instance)
    process.onDeath(() => this.#gone(instance))
    this.#judge(instance)
  }

  /** A machine sleeps no longer. */
  woke({ processes }: VirtualHost): void {
    this.#world.after(wakingMs, () => {
      for (const instance of this.#alive) {
        if (processes.includes(instance.process)) this.#judge(instance)
      }
    })
  }

  /** Notes a call, and its end by whatever outcome. `isMoot`: its maker is gone, nobody waits. */
  call(what: string, outcome: Promise<unknown>, isMoot: (over: () => void) => void): void {
    const id = this.#calls++
    this.#world.count('call')
    this.#openCalls.set(id, what)
    const over = () => void this.#openCalls.delete(id)
    outcome.then(over, over)
    isMoot(over)
  }

  /** Shards that nobody serves, of so many. */
  unserved(totalShards: number): readonly number[] {
    const all = Array.from({ length: totalShards }, (_, shard) => shard)
    return all.filter((shard) => ![...this.#servedBy(shard)].some(({ isReady }) => isReady))
  }

  /** Nobody else may serve what it serves. */
  #judge(instance: VirtualInstance): void {
    if (!isAwake(instance)) return
    for (const shard of instance.spec.shards) {
      for (const other of this.#servedBy(shard)) {
        if (other === instance || !isAwake(other)) continue
        this.#world.problem(`shard ${shard} runs twice: ${shown(other)}, and ${shown(instance)}`)
      }
    }
  }

  #servedBy(shard: number): Set<VirtualInstance> {
    const known = this.#byShard.get(shard)
    if (known !== undefined) return known
    const made = new Set<VirtualInstance>()
    this.#byShard.set(shard, made)
    return made
  }

  #gone(instance: VirtualInstance): void {
    this.#alive.delete(instance)
    for (const shard of instance.spec.shards) this.#servedBy(shard).delete(instance)
  }
}

function isAwake({ process: { host } }: VirtualInstance): boolean {
  return !host.isAsleep && host.awakeMs >= wakingMs
}

function shown({ process }: VirtualInstance): string {
  return `${process.name} on ${process.host.name}`
}
