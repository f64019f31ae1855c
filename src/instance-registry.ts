/** Keeps the public collections of a manager in step with what its mode reports. */
import { Collection } from '@discordjs/collection'
import { type InstanceBackend, ShardingInstance } from './instances/sharding-instance.js'
import type { MachineStatus } from './modes/mode.js'

/** What all instances of a manager have in common. */
export interface InstanceCommons {
  readonly file: string | undefined
  totalShards(): number
  /** discordoo's id for the instance. */
  ipcId(instance: number): string
}

export class InstanceRegistry<Manager> {
  readonly instances: Collection<number, ShardingInstance<Manager>> = new Collection()
  readonly shards: Collection<number, ShardingInstance<Manager>> = new Collection()
  readonly #manager: Manager
  readonly #backend: InstanceBackend
  readonly #commons: InstanceCommons

  constructor(manager: Manager, backend: InstanceBackend, commons: InstanceCommons) {
    this.#manager = manager
    this.#backend = backend
    this.#commons = commons
  }

  /**
   * Takes over what belongs where. As long as an instance has the same shards its handle stays the
   * same object, on whichever machine it is.
   */
  update(machines: readonly MachineStatus[]): void {
    const ids = new Set(machines.flatMap(({ instances }) => instances.map(({ id }) => id)))
    for (const id of this.instances.keys()) if (!ids.has(id)) this.#remove(id)
    for (const machine of machines) {
      for (const { id, shards } of machine.instances) this.#put(machine, id, shards)
    }
  }

  #put({ name: machine, mode }: MachineStatus, id: number, shards: readonly number[]): void {
    const known = this.instances.get(id)
    const totalShards = this.#commons.totalShards()
    if (known?.totalShards === totalShards && equal(known.shards, shards)) {
      if (known.machine !== machine || known.mode !== mode) known.moved({ machine, mode })
      return
    }
    this.#remove(id)
    const options = { shards, totalShards, mode, machine, file: this.#commons.file }
    const ipcId = this.#commons.ipcId(id)
    const handle = new ShardingInstance(this.#manager, id, ipcId, options, this.#backend)
    this.instances.set(id, handle)
    for (const shard of shards) this.shards.set(shard, handle)
  }

  #remove(id: number): void {
    const known = this.instances.get(id)
    if (!known) return
    this.instances.delete(id)
    for (const shard of known.shards) {
      if (this.shards.get(shard) === known) this.shards.delete(shard)
    }
  }
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}
