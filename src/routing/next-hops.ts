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

/** Instances behind the same next hop. */
interface Way {
  readonly port: Port
  readonly ids: number[]
}

interface SortedTargets {
  local: number[]
  readonly remote: Way[]
  unreached: number[]
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

  /** Instances by the way to them. Ids of one machine mostly stand in a row, which is looked up once. */
  sort(topology: Topology, ids: readonly number[], arrival: Arrival): SortedTargets {
    const sorted: SortedTargets = { local: [], remote: [], unreached: [] }
    for (let begin = 0; begin < ids.length; ) {
      const machine = topology.machineOf(ids[begin] ?? 0)
      let end = begin + 1
      while (end < ids.length && topology.machineOf(ids[end] ?? 0) === machine) end += 1
      const row = ids.slice(begin, end)
      begin = end
      if (machine === this.#options.machine) sorted.local = joined(sorted.local, row)
      else sortBeyond(sorted, row, this.#portTo(topology, machine, arrival))
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

/** The list with the row behind it, in either of them. */
function joined(list: number[], row: number[]): number[] {
  if (list.length === 0) return row
  for (const id of row) list.push(id)
  return list
}

/** A row of another machine, which `port` leads to. */
function sortBeyond(sorted: SortedTargets, row: number[], port: Port | undefined): void {
  if (port === undefined) {
    sorted.unreached = joined(sorted.unreached, row)
    return
  }
  const way = sorted.remote.find((known) => known.port === port)
  if (way === undefined) sorted.remote.push({ port, ids: row })
  else joined(way.ids, row)
}
