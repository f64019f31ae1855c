/** Things by the call they belong to: its asker, and the number that the asker has given it. */
import type { Endpoint } from './endpoint.js'

export class CallTable<T> {
  readonly #byAsker = new Map<Endpoint, Map<number, T>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** How many belong to calls of this asker. */
  sizeOf(asker: Endpoint): number {
    return this.#byAsker.get(asker)?.size ?? 0
  }

  get(asker: Endpoint, requestId: number): T | undefined {
    return this.#byAsker.get(asker)?.get(requestId)
  }

  /** Replaces what there was of this call. */
  set(asker: Endpoint, requestId: number, item: T): void {
    const items = this.#byAsker.get(asker)
    if (items === undefined) {
      this.#byAsker.set(asker, new Map([[requestId, item]]))
      this.#size += 1
      return
    }
    if (!items.has(requestId)) this.#size += 1
    items.set(requestId, item)
  }

  /** Removing what is not there does nothing. */
  delete(asker: Endpoint, requestId: number): void {
    const items = this.#byAsker.get(asker)
    if (!items?.delete(requestId)) return
    this.#size -= 1
    if (items.size === 0) this.#byAsker.delete(asker)
  }

  /** All items, as they are now: the table may change while they are gone through. */
  all(): readonly T[] {
    return [...this.#byAsker.values()].flatMap((items) => [...items.values()])
  }

  /** Takes out everything of one asker. */
  takeAll(asker: Endpoint): readonly T[] {
    const items = [...(this.#byAsker.get(asker)?.values() ?? [])]
    this.#byAsker.delete(asker)
    this.#size -= items.length
    return items
  }
}
