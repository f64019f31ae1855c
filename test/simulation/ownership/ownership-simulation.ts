/**
 * One bot on a few machines through a storm of faults, from one seed: real parent, real children and
 * real fleets on a virtual network and clock. What has to hold at every moment, and after the storm,
 * is judged by the ledger.
 */

import { ChildNode } from './child-node.js'
import { type FaultName, FaultSchedule } from './fault-schedule.js'
import { Operator } from './operator.js'
import { OwnershipLedger } from './ownership-ledger.js'
import { ParentNode } from './parent-node.js'
import { randomShape, type StarShape } from './star-options.js'
import { VirtualHost } from './virtual-host.js'
import type { Behaviour } from './virtual-instances.js'
import { Direction, type Wire } from './virtual-wire.js'
import { World } from './virtual-world.js'

export interface SimulationOptions {
  /** Which answers to the loss of a machine are tried. Default both. */
  readonly policies?: readonly StarShape['onMachineLost'][]
  /** What is not left to the dice. */
  readonly shape?: Partial<StarShape>
  /** A fault that strikes more often than others. Default: none. */
  readonly favourite?: FaultName
  /** Keeps every line of the trace. Default false: the last ones. */
  readonly isTraced?: boolean
}

/** What became of one seed. */
export interface OwnershipRun {
  readonly seed: number
  readonly problems: readonly string[]
  /** The same for the same seed, always. */
  readonly hash: number
  readonly trace: readonly string[]
  readonly events: number
  /** How often modes have told each kind of event, and faults have struck. */
  readonly tally: ReadonlyMap<string, number>
  /** From the end of the storm until all was well again, virtual ms. */
  readonly recoveryMs: number
}

/** How often it is looked whether all is well again, ms. */
const lookEveryMs = 1_000

export class OwnershipSimulation {
  readonly world: World
  readonly shape: StarShape
  readonly ledger: OwnershipLedger
  readonly parent: ParentNode
  readonly children: readonly ChildNode[]
  readonly operator: Operator
  readonly #favourite: FaultName | undefined
  #isStorm = true

  constructor(
    seed: number,
    { policies = ['hold', 'reassign'], shape, favourite, isTraced = false }: SimulationOptions,
  ) {
    this.world = new World(seed, isTraced)
    this.shape = { ...randomShape(this.world, policies), ...shape }
    this.ledger = new OwnershipLedger(this.world)
    const names = [...this.shape.machines.map(({ name }) => name), ...this.shape.spares]
    this.children = names.map((name) => this.#child(name))
    this.parent = new ParentNode(new VirtualHost(this.world, 'p'), this.shape, this.children)
    this.operator = new Operator(this)
    this.#favourite = favourite
  }

  someChild(): ChildNode {
    const child = this.children[this.world.pick(this.children.length)]
    if (child === undefined) throw new Error('there is no machine')
    return child
  }

  /** The whole run; stops at the first problem. Resolves to how long the recovery took. */
  async run(): Promise<number> {
    const faults = new FaultSchedule(this, this.#favourite)
    for (const node of [this.parent, ...this.children]) {
      this.world.after(this.world.between(0, 3_000), () => node.start())
    }
    await this.world.run(faults.begin())
    if (this.world.problems.length > 0) return 0
    this.#isStorm = false
    faults.end()
    const since = this.world.now
    while (this.world.problems.length === 0 && !this.#isWell()) {
      if (this.world.now - since > this.#recoveryMsMax) this.#accuse()
      this.operator.tend()
      await this.world.run(lookEveryMs)
    }
    return this.world.now - since
  }

  /** Every step that a recovery may take, one after the other. */
  get #recoveryMsMax(): number {
    const { leaseMs, killTimeoutMs, startTimeoutMs, times } = this.shape
    const redialMs = 45_000 + 2 * times.silenceMs
    return redialMs + leaseMs + 6 * killTimeoutMs + 6 * startTimeoutMs
  }

  #isWell(): boolean {
    const isServed = this.ledger.unserved(this.shape.totalShards).length === 0
    return isServed && this.ledger.openCalls.length === 0
  }

  #accuse(): void {
    const shards = this.ledger.unserved(this.shape.totalShards)
    if (shards.length > 0) this.world.problem(`nobody serves shards ${shards.join()}`)
    for (const call of this.ledger.openCalls) this.world.problem(`no end came of ${call}`)
  }

  #child(name: string): ChildNode {
    const { world } = this
    const delayMs = world.between(1, 150)
    const wire: Wire = { down: new Direction(world, delayMs), up: new Direction(world, delayMs) }
    const host = new VirtualHost(world, name)
    return new ChildNode(host, wire, this.shape.times, this.ledger, () => this.#behaviour())
  }

  #behaviour(): Behaviour {
    const { world } = this
    const readyAfterMs = world.between(20, 2_000)
    const good = { crashAfterMs: Infinity, goodbyeMs: world.between(0, 300), ignoresTerm: false }
    if (!this.#isStorm) return { readyAfterMs, ...good }
    const { killTimeoutMs } = this.shape
    return {
      readyAfterMs: world.chance(0.03) ? Infinity : readyAfterMs,
      crashAfterMs: world.chance(0.15) ? world.between(0, 40_000) : Infinity,
      goodbyeMs: world.chance(0.1) ? Infinity : world.between(0, 2 * killTimeoutMs),
      ignoresTerm: world.chance(0.2),
    }
  }
}

export async function simulate(
  seed: number,
  options: SimulationOptions = {},
): Promise<OwnershipRun> {
  const simulation = new OwnershipSimulation(seed, options)
  const recoveryMs = await simulation.run()
  const { world } = simulation
  return {
    seed,
    recoveryMs,
    problems: world.problems,
    hash: world.trace.hash,
    trace: world.trace.lines,
    events: world.events,
    tally: world.tally,
  }
}
