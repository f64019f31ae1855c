/** Faults of the network between the parent and the machines. */
import type { OwnershipSimulation } from './ownership-simulation.js'
import type { VirtualHost } from './virtual-host.js'
import type { Direction, Wire } from './virtual-wire.js'

export class Weather {
  readonly #simulation: OwnershipSimulation
  readonly #duration: () => number
  #isOver = false

  /** `duration`: of one fault, ms. */
  constructor(simulation: OwnershipSimulation, duration: () => number) {
    this.#simulation = simulation
    this.#duration = duration
  }

  get #world() {
    return this.#simulation.world
  }

  partition(): void {
    const { wire, host } = this.#simulation.someChild()
    const dice = this.#world.random()
    const ways = dice < 0.6 ? [wire.down, wire.up] : dice < 0.8 ? [wire.down] : [wire.up]
    this.#block(host, ways, this.#duration())
  }

  slowDown(): void {
    const { wire, host } = this.#simulation.someChild()
    this.#slow(host, wire, this.#world.between(200, 6_000), this.#duration())
  }

  /** A network that gets slow before it is gone altogether. */
  fadeOut(): void {
    const { wire, host } = this.#simulation.someChild()
    const fadingMs = this.#world.between(3_000, 25_000)
    this.#slow(host, wire, this.#world.between(1_000, 12_000), fadingMs)
    this.#world.after(fadingMs, () => {
      if (!this.#isOver) this.#block(host, [wire.down, wire.up], this.#duration())
    })
  }

  breakConnections(): void {
    const { host, port } = this.#simulation.someChild()
    this.#world.note(`breaks the connections of ${host.name}`)
    for (const socket of port.sockets) socket.break()
  }

  /** Everything gets through again, and nothing bad comes any more. */
  clear(): void {
    this.#isOver = true
    for (const { wire } of this.#simulation.children) {
      for (const way of [wire.down, wire.up]) {
        way.heal()
        way.calm()
      }
    }
  }

  #block({ name }: VirtualHost, ways: readonly Direction[], forMs: number): void {
    this.#world.note(`blocks ${ways.length} way(s) of ${name} for ${Math.round(forMs)} ms`)
    for (const way of ways) way.block()
    this.#world.after(forMs, () => {
      for (const way of ways) way.heal()
    })
  }

  #slow({ name }: VirtualHost, wire: Wire, delayMs: number, forMs: number): void {
    this.#world.note(`${name} is slow: ${Math.round(delayMs)} ms`)
    wire.down.delayMs = delayMs
    if (this.#world.chance(0.5)) wire.up.delayMs = delayMs
    this.#world.after(forMs, () => {
      wire.down.calm()
      wire.up.calm()
    })
  }
}
