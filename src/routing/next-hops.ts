/** Which way an envelope takes from a manager: to its own instances, another machine, a manager. */
import type { Endpoint } from './endpoint.js'
import { isInstance, machineIndexOf } from './endpoint.js'
import type { Hops, Port, Taken } from './router-types.js'
import type { Topology } from './topology.js'

/** The link an envelope came by: the parent's, or that of the machine with this index. */
export type LinkName = 'parent' | number

/** Where an envelope came from: this machine, or a link. */
export type Arrival = 'here' | LinkName

export interface NextHopOptions {
  /** The manager that this router belongs to. */
  readonly self: Endpoint
  /** Index of this machine, whose instances `hops.local` reaches; undefined where there are none. */
  readonly machine: number | undefined
  readonly hops: Hops
  /** Takes envelopes that are for this manager's own requester. */
  readonly deliver: (envelope: Uint8Array) => void
}

interface SortedTargets {
  readonly local: number[]
  readonly remote: Map<Port, number[]>
  readonly unreached: number[]
}

export class NextHops {
  topology: Topology | undefined
  readonly #options: NextHopOptions

  constructor(options: NextHopOptions) {
    this.#options = options
  }

  /** Whether the plan has an endpoint on this machine. */
  isHere(endpoint: Endpoint): boolean {
    const { self, machine } = this.#options
    if (endpoint === self) return true
    return isInstance(endpoint) && this.#machineOf(endpoint) === machine && machine !== undefined
  }

  /** Whether the plan has the source of an envelope behind the link that it came by. */
  runsBehind(source: Endpoint, link: LinkName): boolean {
    const { self, machine: own } = this.#options
    const machine = isInstance(source) ? this.#machineOf(source) : machineIndexOf(source)
    if (link !== 'parent') return machine === link
    if (isInstance(source)) return machine !== undefined && machine !== own
    return source !== self && (machine === undefined || machine !== own)
  }

  /** Instances by the way to them. Those of one machine mostly stand in a row: it is looked up once. */
  sort(topology: Topology, ids: readonly number[], arrival: Arrival): SortedTargets {
    const sorted: SortedTargets = { local: [], remote: new Map(), unreached: [] }
    let group: number[] | undefined
    let last: number | undefined
    for (const id of ids) {
      const machine = topology.machineOf(id)
      if (group === undefined || machine !== last) {
        const isHere = machine === this.#options.machine
        group = isHere
          ? sorted.local
          : groupBehind(this.#portTo(topology, machine, arrival), sorted)
      }
      last = machine
      group.push(id)
    }
    return sorted
  }

  /** Takes an answer or a report to whom it is for, or one hop nearer. */
  post(endpoint: Endpoint, bytes: Uint8Array, arrival: Arrival): Taken {
    const { self, hops, deliver } = this.#options
    if (endpoint === self) {
      deliver(bytes)
      return true
    }
    // An instance is served where it runs, also while the plan has it on another machine already.
    const taken = isInstance(endpoint) && hops.local(endpoint)?.(bytes)
    return taken || (this.#portBeyond(endpoint, arrival)?.(bytes) ?? false)
  }

  /** Sends something back over the link of a machine, whoever it is for. */
  postBack(machine: number, bytes: Uint8Array): Taken {
    return this.#options.hops.machine(machine)?.(bytes) ?? false
  }

  /** Never back to where it came from: with differing snapshots an envelope would run in circles. */
  #portTo(topology: Topology, machine: number | undefined, arrival: Arrival): Port | undefined {
    if (machine === undefined || arrival === 'parent' || arrival === machine) return undefined
    return topology.isUp(machine) ? this.#options.hops.machine(machine) : undefined
  }

  #portBeyond(endpoint: Endpoint, arrival: Arrival): Port | undefined {
    const { hops, machine: own } = this.#options
    const machine = isInstance(endpoint) ? this.#machineOf(endpoint) : machineIndexOf(endpoint)
    if (arrival === 'parent' || (machine !== undefined && arrival === machine)) return undefined
    if (!isInstance(endpoint)) return hops.manager(endpoint)
    return machine === undefined || machine === own ? undefined : hops.machine(machine)
  }

  #machineOf(instance: number): number | undefined {
    return this.topology?.machineOf(instance)
  }
}

/** Where instances belong whose way leads through this port, if there is any. */
function groupBehind(port: Port | undefined, { remote, unreached }: SortedTargets): number[] {
  if (port === undefined) return unreached
  const known = remote.get(port)
  if (known !== undefined) return known
  const ids: number[] = []
  remote.set(port, ids)
  return ids
}
