/**
 * Who will be asked, as the body of EXPECT. Most calls go to one instance or to all, again and again:
 * these bodies are made once for each snapshot of the topology.
 */
import { encodeBody } from './body-codec.js'
import type { Topology } from './topology.js'

export class NameBodies {
  #topology: Topology | undefined
  #ofAll: Uint8Array | undefined
  /** No more than there are instances. */
  readonly #ofOne = new Map<number, Uint8Array>()

  /** The body for these instances, which a topology has given; not to be changed. */
  of(topology: Topology, ids: readonly number[]): Uint8Array {
    if (topology !== this.#topology) this.#begin(topology)
    const [first] = ids
    if (ids.length === 1 && first !== undefined) return this.#one(topology, first)
    if (ids !== topology.instances) return encodeNames(topology, ids)
    this.#ofAll ??= encodeNames(topology, ids)
    return this.#ofAll
  }

  #begin(topology: Topology): void {
    this.#topology = topology
    this.#ofAll = undefined
    this.#ofOne.clear()
  }

  #one(topology: Topology, id: number): Uint8Array {
    const known = this.#ofOne.get(id)
    if (known !== undefined) return known
    const body = encodeNames(topology, [id])
    this.#ofOne.set(id, body)
    return body
  }
}

/** A copy of its own: bodies are views on memory that they share with others, and these stay. */
function encodeNames(topology: Topology, ids: readonly number[]): Uint8Array {
  return new Uint8Array(
    encodeBody(
      ids.map((id) => topology.nameOf(id)),
      'names',
    ),
  )
}
