/**
 * Which machines there are, which of them cannot be reached, and on which one each instance is: the
 * half of a topology that changes while the bot runs. Each change makes another table.
 *
 * An instance is on exactly one machine, also on its way from one to another. What a change costs is
 * the size of the patch, a copy of the list of machines, and at most one of four bytes per instance.
 */
import { limits } from '../limits.js'
import { invalidTopology } from './topology-checks.js'
import type { AddedMachine, MachineWire, TopologyPatch } from './topology-wire.js'

interface Parts {
  readonly names: ReadonlyMap<number, string>
  /** Index of the machine, by instance id. */
  readonly machineOf: Uint32Array
  readonly down: ReadonlySet<number>
  /** Above every index that was ever in use, as far as this side knows. */
  readonly nextIndex: number
}

export class MachineTable {
  readonly #parts: Parts
  readonly #indexes: ReadonlyMap<string, number>
  #instancesOn: ReadonlyMap<number, readonly number[]> | undefined

  /** Throws DM_TOPOLOGY_INVALID for two machines of one name, and where `down` names no machine. */
  private constructor(parts: Parts) {
    const { names, down } = parts
    this.#parts = parts
    this.#indexes = new Map([...names].map(([index, name]) => [name, index]))
    if (this.#indexes.size !== names.size) throw invalidTopology('two machines have the same name')
    for (const index of down)
      if (!names.has(index)) throw invalidTopology(`no machine ${index} to be down`)
  }

  /** `machines` has each instance exactly once; throws DM_TOPOLOGY_INVALID for two of one index. */
  static of(machines: readonly MachineWire[], down: readonly number[]): MachineTable {
    const names = new Map(machines.map(({ index, name }) => [index, name]))
    if (names.size !== machines.length) throw invalidTopology('two machines have the same index')
    const count = machines.reduce((sum, { instances }) => sum + instances.length, 0)
    const machineOf = new Uint32Array(count)
    for (const { index, instances } of machines) for (const [id] of instances) machineOf[id] = index
    const nextIndex = machines.reduce((next, { index }) => Math.max(next, index + 1), 0)
    return new MachineTable({ names, machineOf, down: new Set(down), nextIndex })
  }

  get indexes(): readonly number[] {
    return [...this.#parts.names.keys()]
  }

  get down(): readonly number[] {
    return [...this.#parts.down]
  }

  isUp(machine: number): boolean {
    return this.#parts.names.has(machine) && !this.#parts.down.has(machine)
  }

  /** Undefined when there is no such instance. */
  machineOf(instance: number): number | undefined {
    return this.#parts.machineOf[instance]
  }

  nameOf(machine: number): string | undefined {
    return this.#parts.names.get(machine)
  }

  indexOf(name: string): number | undefined {
    return this.#indexes.get(name)
  }

  /** Ids of the instances of a machine, ascending; the first question sorts those of all machines. */
  instancesOn(machine: number): readonly number[] {
    this.#instancesOn ??= byMachine(this.#parts.machineOf)
    return this.#instancesOn.get(machine) ?? []
  }

  /** Instances that are on another machine in this table than in the former one. */
  movedSince(former: MachineTable): readonly number[] {
    const { machineOf } = this.#parts
    const before = former.#parts.machineOf
    const moved: number[] = []
    if (machineOf === before) return moved
    for (let id = 0; id < Math.min(machineOf.length, before.length); id += 1) {
      if (machineOf[id] !== before[id]) moved.push(id)
    }
    return moved
  }

  /** Throws DM_TOPOLOGY_INVALID for a patch that does not fit; nothing has changed then. */
  patched({ down, moved = [], added = [], removed = [] }: TopologyPatch): MachineTable {
    const names = new Map(this.#parts.names)
    const nextIndex = add(names, this.#parts.nextIndex, added)
    const machineOf = move(names, this.#parts.machineOf, moved)
    remove(names, machineOf, removed)
    const gone = new Set(removed)
    const stillDown = down ?? this.down.filter((index) => !gone.has(index))
    return new MachineTable({ names, machineOf, down: new Set(stillDown), nextIndex })
  }
}

/** Returns the first index that is free afterwards. */
function add(
  names: Map<number, string>,
  firstFree: number,
  added: readonly AddedMachine[],
): number {
  let next = firstFree
  for (const { index, name } of added) {
    if (index < next)
      throw invalidTopology(`index ${index} is or was in use, or they do not ascend`)
    if (names.size >= limits.pointsMax) throw invalidTopology(`over ${limits.pointsMax} machines`)
    names.set(index, name)
    next = index + 1
  }
  return next
}

function move(
  names: ReadonlyMap<number, string>,
  machineOf: Uint32Array,
  moved: readonly (readonly [number, number])[],
): Uint32Array {
  if (moved.length === 0) return machineOf
  const seen = new Set<number>()
  const changed = machineOf.slice()
  for (const [instance, machine] of moved) {
    if (instance >= changed.length) throw invalidTopology(`no instance ${instance} to be moved`)
    if (!names.has(machine)) throw invalidTopology(`no machine ${machine} to move to`)
    if (seen.has(instance)) throw invalidTopology(`instance ${instance} is moved twice`)
    seen.add(instance)
    changed[instance] = machine
  }
  return changed
}

function remove(
  names: Map<number, string>,
  machineOf: Uint32Array,
  removed: readonly number[],
): void {
  if (removed.length === 0) return
  const gone = new Set(removed)
  for (const index of machineOf) {
    if (gone.has(index)) throw invalidTopology(`instances are left on machine ${index}`)
  }
  for (const index of removed) {
    if (!names.delete(index)) throw invalidTopology(`no machine ${index} to be removed`)
  }
}

function byMachine(machineOf: Uint32Array): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>()
  for (const [id, machine] of machineOf.entries()) {
    const group = groups.get(machine)
    if (group === undefined) groups.set(machine, [id])
    else group.push(id)
  }
  return groups
}
