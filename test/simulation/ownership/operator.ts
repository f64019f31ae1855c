/** The person in charge: restarts instances and managers, and changes the machines while the bot runs. */

import { MachineChanges } from '../../../src/machine-changes.js'
import type { ParentMode } from '../../../src/modes/machines/parent/parent-mode.js'
import type { ChildNode } from './child-node.js'
import type { OwnershipSimulation } from './ownership-simulation.js'
import { pointOf } from './star-options.js'

/** How long a manager that has stopped in order is away, ms. */
const restartMsMax = 2_000

export class Operator {
  readonly #simulation: OwnershipSimulation
  /** For the present start of the parent. */
  #changes: { readonly mode: unknown; readonly changes: MachineChanges } | undefined

  constructor(simulation: OwnershipSimulation) {
    this.#simulation = simulation
  }

  get #world() {
    return this.#simulation.world
  }

  /** Does one thing or another. */
  act(): void {
    const actions = [
      () => this.#control(),
      () => this.#control(),
      () => this.#apply(),
      () => this.#drain(),
      () => this.#addPoint(),
      () => this.#removePoint(),
      () => this.#stopParent(),
      () => this.#stopChild(),
    ]
    actions[this.#world.pick(actions.length)]?.()
  }

  /** Starts what stays down until somebody asks for it, and ends what never gets ready. */
  tend(): void {
    const { parent, ledger } = this.#simulation
    for (const start of parent.starts) this.#startDown(start)
    for (const { process, isReady } of ledger.alive) {
      if (!isReady && this.#world.chance(0.02)) process.die('kill')
    }
  }

  #startDown(start: ParentMode): void {
    for (const { name, instances } of start.machines()) {
      for (const { id, phase } of instances) {
        if (phase !== 'stopped' && phase !== 'crash-loop') continue
        this.#world.note(`the operator starts instance ${id} of ${name}`)
        void start.create(id).catch(() => {})
      }
    }
  }

  #control(): void {
    const { shape } = this.#simulation
    const id = this.#world.pick(shape.totalShards / shape.shardsPerInstance)
    const actions = ['kill', 'create', 'recreate'] as const
    const action = actions[this.#world.pick(actions.length)] ?? 'recreate'
    this.#ask(`${action} instance ${id}`, (mode) => mode[action](id))
  }

  #apply(): void {
    this.#change('balance', (changes) => changes.apply(changes.plan(), {}))
  }

  #drain(): void {
    const { name } = this.#simulation.someChild().host
    if (this.#world.chance(0.4)) {
      this.#change(`undrain ${name}`, async (changes) => changes.undrain(name))
    } else this.#change(`drain ${name}`, (changes) => changes.drain(name, {}))
  }

  #addPoint(): void {
    const spare = this.#spare(false)
    if (spare === undefined) return
    const { name } = spare.host
    this.#change(`add ${name}`, async (changes) => {
      changes.addPoint(pointOf(this.#simulation.shape, { name, shards: [] }))
      this.#simulation.parent.spares.add(name)
    })
  }

  /** One that is down for certain is given up without being asked. */
  #removePoint(): void {
    const spare = this.#spare(true)
    if (spare === undefined) return
    const { name } = spare.host
    const isDown = this.#world.chance(0.3)
    if (isDown) {
      spare.isRetired = true
      spare.host.powerOff()
    }
    this.#change(`remove ${name}${isDown ? ', which is down' : ''}`, async (changes) => {
      await changes.removePoint(name, { isDown })
      this.#simulation.parent.spares.delete(name)
    })
  }

  #stopParent(): void {
    const { parent } = this.#simulation
    const { process } = parent
    this.#ask('stop the parent', async (mode) => {
      await (this.#world.chance(0.7) ? mode.stop('the operator stops it') : mode.detach())
      process?.die('exit')
      this.#world.after(this.#world.between(0, restartMsMax), () => parent.start())
    })
  }

  #stopChild(): void {
    const child = this.#simulation.someChild()
    const { mode, process } = child
    if (mode === undefined || process?.isAlive !== true || process.isSuspended) return
    this.#world.note(`the operator stops ${process.name}`)
    const stopped = mode.stop('the operator stops it').then(() => {
      process.die('exit')
      this.#world.after(this.#world.between(0, restartMsMax), () => child.start())
    })
    this.#simulation.ledger.call(`stop of ${process.name}`, stopped, (over) =>
      process.onDeath(over),
    )
  }

  #spare(isPoint: boolean): ChildNode | undefined {
    const { children, parent, shape } = this.#simulation
    return children.find(
      ({ host: { name } }) => shape.spares.includes(name) && parent.spares.has(name) === isPoint,
    )
  }

  #change(what: string, change: (changes: MachineChanges) => Promise<void>): void {
    this.#ask(what, (mode) => {
      const process = this.#simulation.parent.process
      if (process === undefined) return Promise.resolve()
      if (this.#changes?.mode !== mode) {
        this.#changes = { mode, changes: new MachineChanges(mode.control, process) }
      }
      return change(this.#changes.changes)
    })
  }

  /** Only a parent that lives can be asked; its answer has to come unless it dies. */
  #ask(
    what: string,
    ask: (mode: NonNullable<OwnershipSimulation['parent']['mode']>) => Promise<void>,
  ): void {
    const { mode, process } = this.#simulation.parent
    if (mode === undefined || process?.isAlive !== true || process.isSuspended) return
    this.#world.note(`the operator wants to ${what}`)
    const asked = async () => {
      await ask(mode)
      this.#world.note(`done: ${what}`)
    }
    const outcome = asked().catch((error: unknown) => this.#world.note(`${what}: ${String(error)}`))
    this.#simulation.ledger.call(what, outcome, (over) => process.onDeath(over))
  }
}
