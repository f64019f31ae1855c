/** The storm: faults at random moments, and how it all ends. */

import type { ChildNode } from './child-node.js'
import type { OwnershipSimulation } from './ownership-simulation.js'
import type { ParentNode } from './parent-node.js'
import type { VirtualHost } from './virtual-host.js'
import type { VirtualProcess } from './virtual-process.js'
import { Weather } from './weather.js'

interface Fault {
  /** How often it comes, beside the others. */
  readonly weight: number
  strike(storm: FaultSchedule): void
}

const faults = {
  killParent: { weight: 3, strike: (storm) => storm.killParent() },
  replaceParent: { weight: 1, strike: (storm) => storm.replaceParent() },
  killChild: { weight: 4, strike: (storm) => storm.killChild() },
  suspendManager: { weight: 3, strike: (storm) => storm.suspend(storm.someManager()) },
  suspendInstance: { weight: 3, strike: (storm) => storm.suspend(storm.someInstance()) },
  killInstance: { weight: 2, strike: (storm) => storm.killInstance() },
  partition: { weight: 5, strike: (storm) => storm.weather.partition() },
  slowDown: { weight: 3, strike: (storm) => storm.weather.slowDown() },
  fadeOut: { weight: 2, strike: (storm) => storm.weather.fadeOut() },
  breakConnections: { weight: 4, strike: (storm) => storm.weather.breakConnections() },
  jumpClock: { weight: 2, strike: (storm) => storm.jumpClock() },
  sleepMachine: { weight: 1, strike: (storm) => storm.sleepMachine() },
  powerOff: { weight: 1, strike: (storm) => storm.powerOff() },
  operate: { weight: 5, strike: (storm) => storm.operate() },
  call: { weight: 6, strike: (storm) => storm.call() },
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof faults

const all: readonly Fault[] = Object.values(faults)
const totalWeight = all.reduce((sum, { weight }) => sum + weight, 0)

/** How many of all faults are of the kind that a storm favours. */
const favour = 0.4

export class FaultSchedule {
  readonly weather: Weather
  readonly #simulation: OwnershipSimulation
  readonly #favourite: FaultName | undefined
  #isOver = false

  /** `favourite`: comes more often than others. */
  constructor(simulation: OwnershipSimulation, favourite?: FaultName) {
    this.#simulation = simulation
    this.#favourite = favourite
    this.weather = new Weather(simulation, () => this.#duration())
  }

  get #world() {
    return this.#simulation.world
  }

  /** Plans the storm; how long it is, ms. */
  begin(): number {
    const world = this.#world
    const lengthMs = world.between(20_000, 120_000) + 2 * this.#longLeaseMs
    const count = 6 + world.pick(36)
    for (let n = 0; n < count; n++) {
      // Faults that meet are the interesting ones.
      const at = world.chance(0.3) ? world.between(0, lengthMs) : world.between(0, lengthMs) / 2
      world.after(at, () => this.#strike())
    }
    return lengthMs
  }

  /** The weather clears. */
  end(): void {
    const { parent, children, ledger } = this.#simulation
    this.#isOver = true
    this.#world.note('the storm is over')
    parent.diskMs = 50
    this.weather.clear()
    for (const { host } of children) {
      this.#wake(host)
      host.powerOn()
    }
    for (const node of [parent, ...children]) {
      node.isRetired = false
      node.process?.resume()
      node.start()
    }
    for (const { process } of ledger.alive) process.resume()
  }

  killParent(): void {
    const { parent } = this.#simulation
    this.#kill(parent)
    parent.diskMs = this.#world.chance(0.3) ? 10_000 : 50
  }

  /** Somebody takes it for dead and starts it anew, although it is only suspended. */
  replaceParent(): void {
    const { parent } = this.#simulation
    const { process } = parent
    if (process?.isAlive !== true) return
    this.#world.note('the parent is replaced')
    process.suspend()
    const forMs = this.#duration()
    this.#world.after(forMs, () => {
      this.#world.note('the former parent goes on')
      process.resume()
    })
    parent.leave()
    this.#restart(parent, this.#world.between(0, forMs))
  }

  killChild(): void {
    this.#kill(this.#simulation.someChild())
  }

  suspend(process: VirtualProcess | undefined): void {
    if (process === undefined) return
    const forMs = this.#duration()
    this.#world.note(`suspends ${process.name} for ${Math.round(forMs)} ms`)
    process.suspend()
    this.#world.after(forMs, () => {
      this.#world.note(`resumes ${process.name}`)
      process.resume()
    })
  }

  killInstance(): void {
    this.someInstance()?.die('kill')
  }

  jumpClock(): void {
    const byMs = this.#world.between(-1, 1) * 86_400_000
    const nodes = [this.#simulation.parent, ...this.#simulation.children]
    nodes[this.#world.pick(nodes.length)]?.host.jumpWallClock(byMs)
  }

  sleepMachine(): void {
    const { host } = this.#simulation.someChild()
    const forMs = this.#duration()
    this.#world.note(`${host.name} falls asleep for ${Math.round(forMs)} ms`)
    host.sleep()
    this.#world.after(forMs, () => this.#wake(host))
  }

  powerOff(): void {
    const child = this.#simulation.someChild()
    this.#world.note(`${child.host.name} has no power`)
    child.host.powerOff()
    this.#restart(child, this.#duration())
  }

  operate(): void {
    this.#simulation.operator.act()
  }

  call(): void {
    const { parent, ledger } = this.#simulation
    const { mode, process } = parent
    if (mode === undefined || process?.isAlive !== true || process.isSuspended) return
    const outcome = mode.calls.requestSettled('ping', 1)
    ledger.call('a request to all', outcome, (over) => process.onDeath(over))
  }

  someManager(): VirtualProcess | undefined {
    const { parent, children } = this.#simulation
    const nodes = [parent, ...children]
    return nodes[this.#world.pick(nodes.length)]?.process
  }

  someInstance(): VirtualProcess | undefined {
    const { alive } = this.#simulation.ledger
    return alive[this.#world.pick(alive.length)]?.process
  }

  /** Where leases are long, so are the faults that outlast them. */
  get #longLeaseMs(): number {
    const { onMachineLost, leaseMs } = this.#simulation.shape
    return onMachineLost === 'reassign' && leaseMs > 60_000 ? leaseMs : 0
  }

  #strike(): void {
    if (!this.#isOver) this.#pick().strike(this)
  }

  #pick(): Fault {
    if (this.#favourite !== undefined && this.#world.chance(favour)) return faults[this.#favourite]
    let dice = this.#world.random() * totalWeight
    const found = all.find(({ weight }) => {
      dice -= weight
      return dice < 0
    })
    return found ?? faults.call
  }

  #wake(host: VirtualHost): void {
    host.wake()
    this.#simulation.ledger.woke(host)
  }

  #kill(node: ParentNode | ChildNode): void {
    this.#world.note(`kills the manager on ${node.host.name}`)
    node.process?.die('kill')
    this.#restart(node, this.#world.chance(0.6) ? this.#world.between(0, 3_000) : this.#duration())
  }

  #restart(node: ParentNode | ChildNode, afterMs: number): void {
    this.#world.after(afterMs, () => node.start())
  }

  /** Mostly short, at times longer than anything waits. */
  #duration(): number {
    const dice = this.#world.random()
    if (dice < 0.5) return this.#world.between(100, 5_000)
    return this.#world.between(5_000, 70_000 + 1.5 * this.#longLeaseMs)
  }
}
