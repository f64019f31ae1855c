/** The core of ownership, driven by hand: machines that say what a test has them say. */
import { limits } from '../../src/limits.js'
import { Ownership } from '../../src/modes/machines/parent/ownership/ownership.js'
import type {
  FormerRecord,
  OwnershipAction,
  RunningReport,
} from '../../src/modes/machines/parent/ownership/ownership-types.js'

export interface ScriptOptions {
  readonly policy?: 'hold' | 'reassign'
  readonly leaseMs?: number
  readonly former?: FormerRecord
  /** Machine to the number of its own instances, of two shards each. */
  readonly machines?: Readonly<Record<string, number>>
  readonly maxShards?: number
}

export class OwnershipScript {
  readonly core: Ownership
  readonly leaseMs: number
  now = 1_000
  readonly #actions: OwnershipAction[] = []
  readonly #names: readonly string[]

  constructor({
    policy = 'hold',
    leaseMs = 10_000,
    former = 'nothing',
    machines = { a: 1, b: 1 },
    maxShards,
  }: ScriptOptions = {}) {
    this.leaseMs = leaseMs
    this.#names = Object.keys(machines)
    const homes = Object.entries(machines).flatMap(([name, count]) =>
      Array.from({ length: count }, () => name),
    )
    const instances = homes.map((home, id) => ({ id, home, shards: [2 * id, 2 * id + 1] }))
    const rooms = this.#names.map((name) => ({ name, weight: 1, maxShards }))
    const options = { totalShards: 2 * homes.length, policy, leaseMs, former }
    this.core = new Ownership(options, instances, rooms, this.now)
  }

  /** After its last grant, the end of what a machine may run. */
  get endMs(): number {
    return this.leaseMs * 1.02 + limits.leaseStopMsDefault + limits.leaseMarginMs
  }

  /** What was decided since the last look, without records. */
  look(): OwnershipAction[] {
    this.#actions.push(...this.core.flush(this.now))
    return this.#actions.splice(0).filter(({ type }) => type !== 'record')
  }

  /** Assignments since the last look, `machine: ids`. */
  told(): string[] {
    return this.look().flatMap((action) =>
      action.type === 'assign' ? [`${action.machine}: ${action.instances.join()}`] : [],
    )
  }

  /** A session begins with what the machine runs: instances of this plan by id. */
  report(machine: string, ids: readonly number[] = [], given: Partial<RunningReport> = {}): void {
    const instances = ids.map((id) => ({ id, shards: [{ from: 2 * id, to: 2 * id + 1 }] }))
    const totalShards = 2 * [...this.core.where.instances].length
    const report = { revision: 0, totalShards, leaseMs: null, instances, ...given }
    this.core.reported(machine, report, this.now)
  }

  lose(...machines: readonly string[]): void {
    for (const machine of machines) {
      this.core.reachable(machine, false, this.now)
      this.core.sessionEnded(machine)
    }
  }

  /** All machines report nothing, and what they are told is released and asked leases for. */
  started(): this {
    for (const machine of this.#names) this.report(machine)
    this.settle()
    return this
  }

  /** Every machine confirms what it was told. */
  settle(): OwnershipAction[] {
    const actions = this.look()
    for (const action of actions) {
      if (action.type !== 'assign') continue
      this.core.released(action.machine, action.revision, this.now)
      this.ask(action.machine, action.revision)
    }
    return actions
  }

  /** True when the lease is granted. */
  ask(machine: string, revision: number, stopMs: number = limits.leaseStopMsDefault): boolean {
    this.core.leaseAsked(machine, { n: 1, revision, stopMs }, this.now)
    const actions = this.core.flush(this.now)
    this.#actions.push(...actions.filter(({ type }) => type !== 'grant'))
    return actions.some(({ type }) => type === 'grant')
  }

  /** Time goes by as it does for a parent that is awake; those named go on asking. */
  pass(byMs: number, asking: Readonly<Record<string, number>> = {}): void {
    const until = this.now + byMs
    while (this.now < until) {
      this.now = Math.min(until, this.now + this.leaseMs / limits.leaseTickPart)
      for (const [machine, revision] of Object.entries(asking)) this.ask(machine, revision)
      this.core.tick(this.now)
    }
  }
}
