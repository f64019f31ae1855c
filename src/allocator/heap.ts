/** A binary heap: the first of many things that change their order all the time. Pure. */

export class Heap<T> {
  readonly #entries: T[] = []
  readonly #isBefore: (a: T, b: T) => boolean

  /** `isBefore` must not change its mind about things that are inside. */
  constructor(isBefore: (a: T, b: T) => boolean, entries: Iterable<T> = []) {
    this.#isBefore = isBefore
    for (const entry of entries) this.push(entry)
  }

  first(): T | undefined {
    return this.#entries[0]
  }

  push(entry: T): void {
    const entries = this.#entries
    let place = entries.push(entry) - 1
    while (place > 0) {
      const above = (place - 1) >> 1
      const other = entries[above]
      if (other === undefined || !this.#isBefore(entry, other)) break
      entries[place] = other
      place = above
    }
    entries[place] = entry
  }

  pop(): T | undefined {
    const entries = this.#entries
    const first = entries[0]
    const last = entries.pop()
    if (last !== undefined && entries.length > 0) this.#sink(last)
    return first
  }

  /** Puts an entry in at the top and lets it find its place. */
  #sink(entry: T): void {
    const entries = this.#entries
    let place = 0
    for (;;) {
      const below = this.#firstBelow(place)
      const other = entries[below]
      if (other === undefined || !this.#isBefore(other, entry)) break
      entries[place] = other
      place = below
    }
    entries[place] = entry
  }

  #firstBelow(place: number): number {
    const left = 2 * place + 1
    const [a, b] = [this.#entries[left], this.#entries[left + 1]]
    return a !== undefined && b !== undefined && this.#isBefore(b, a) ? left + 1 : left
  }
}
