/** What happens next in a virtual world: a binary heap, ordered by time and then by who came first. */

interface QueuedEvent {
  readonly at: number
  readonly order: number
  readonly action: () => void
}

export class EventQueue {
  readonly #heap: QueuedEvent[] = []
  #order = 0

  /** Events that have not been taken, cancelled ones included. */
  get size(): number {
    return this.#heap.length
  }

  push(at: number, action: () => void): void {
    const event = { at, order: this.#order++, action }
    this.#heap.push(event)
    this.#rise(this.#heap.length - 1, event)
  }

  /** The next event that is due at `until` or before. */
  take(until: number): { readonly at: number; readonly action: () => void } | undefined {
    const [first] = this.#heap
    if (first === undefined || first.at > until) return undefined
    const last = this.#heap.pop()
    if (last !== undefined && last !== first) this.#sink(last)
    return first
  }

  #rise(from: number, event: QueuedEvent): void {
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = this.#heap[above]
      if (parent === undefined || !isBefore(event, parent)) break
      this.#heap[at] = parent
      at = above
    }
    this.#heap[at] = event
  }

  /** Puts the event where the top was. */
  #sink(event: QueuedEvent): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      let next = heap[left]
      if (next === undefined) break
      let below = left
      const right = heap[left + 1]
      if (right !== undefined && isBefore(right, next)) {
        next = right
        below = left + 1
      }
      if (!isBefore(next, event)) break
      heap[at] = next
      at = below
    }
    heap[at] = event
  }
}

function isBefore(one: QueuedEvent, other: QueuedEvent): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
