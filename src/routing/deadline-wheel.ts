/**
 * Deadlines of many calls under one coarse timer.
 *
 * Items lie in buckets of `granularityMs`. An item comes out no sooner than its deadline and at most
 * one bucket later (plus however late `expired` is called): calls wait seconds, so that is exact
 * enough, and adding or removing costs the same however many wait.
 */
export interface HasDeadline {
  /** Monotonic time in ms; does not change while the item is in the wheel. */
  readonly deadline: number
}

export class DeadlineWheel<T extends HasDeadline> {
  readonly #granularityMs: number
  readonly #buckets = new Map<number, Set<T>>()
  #size = 0
  /** Every bucket before this one is empty. */
  #next = Number.NEGATIVE_INFINITY

  constructor(granularityMs = 50) {
    this.#granularityMs = granularityMs
  }

  get size(): number {
    return this.#size
  }

  add(item: T): void {
    const slot = this.#slotOf(item)
    const bucket = this.#buckets.get(slot)
    if (bucket === undefined) this.#buckets.set(slot, new Set([item]))
    else if (bucket.has(item)) return
    else bucket.add(item)
    this.#size += 1
    if (slot < this.#next) this.#next = slot
  }

  /** Removing what is not there does nothing. */
  remove(item: T): void {
    const slot = this.#slotOf(item)
    const bucket = this.#buckets.get(slot)
    if (!bucket?.delete(item)) return
    this.#size -= 1
    if (bucket.size === 0) this.#buckets.delete(slot)
  }

  /** Takes out all items whose deadline has passed, earliest bucket first. */
  expired(now: number): T[] {
    const end = Math.floor(now / this.#granularityMs)
    if (this.#size === 0 || end < this.#next) {
      this.#next = Math.max(this.#next, end + 1)
      return []
    }
    const items: T[] = []
    for (const slot of this.#slotsUpTo(end)) {
      for (const item of this.#buckets.get(slot) ?? []) items.push(item)
      this.#buckets.delete(slot)
    }
    this.#size -= items.length
    this.#next = end + 1
    return items
  }

  /** After a long pause there are more slots than buckets; then the buckets are the shorter list. */
  #slotsUpTo(end: number): number[] {
    if (end - this.#next < this.#buckets.size) {
      return Array.from({ length: end - this.#next + 1 }, (_, index) => this.#next + index)
    }
    return [...this.#buckets.keys()].filter((slot) => slot <= end).toSorted((a, b) => a - b)
  }

  #slotOf(item: T): number {
    return Math.ceil(item.deadline / this.#granularityMs)
  }
}
