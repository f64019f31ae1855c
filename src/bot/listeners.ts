/**
 * Typed event listeners of the bot's API.
 *
 * Not an EventEmitter: a public class that extends `EventEmitter<{…}>` loses its `on` for consumers
 * with older Node types.
 */
type Listener<T> = (event: T) => unknown

interface Entry<T> {
  readonly listener: Listener<T>
  readonly once: boolean
}

export class Listeners<Events extends object> {
  readonly #entries: { [K in keyof Events]?: Entry<Events[K]>[] } = {}

  add<K extends keyof Events>(name: K, listener: Listener<Events[K]>, once: boolean): void {
    this.#entries[name] = [...this.#of(name), { listener, once }]
  }

  /** Removes one registration of the listener, the latest one. */
  remove<K extends keyof Events>(name: K, listener: Listener<Events[K]>): void {
    const entries = this.#of(name)
    const index = entries.findLastIndex((entry) => entry.listener === listener)
    if (index >= 0) this.#entries[name] = entries.toSpliced(index, 1)
  }

  has(name: keyof Events): boolean {
    return this.#of(name).length > 0
  }

  /**
   * Calls every listener, in the order of registration, and returns what they return. One that
   * throws does not keep the others from being called: it counts as a rejected promise.
   */
  emit<K extends keyof Events>(name: K, event: Events[K]): Promise<unknown>[] {
    const entries = this.#of(name)
    this.#entries[name] = entries.filter(({ once }) => !once)
    return entries.map(async ({ listener }) => listener(event))
  }

  #of<K extends keyof Events>(name: K): Entry<Events[K]>[] {
    return this.#entries[name] ?? []
  }
}
