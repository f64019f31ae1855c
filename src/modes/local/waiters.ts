/** Promises that wait for something to happen to an instance. */

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class Waiters {
  readonly #byInstance = new Map<number, Waiter[]>()

  /** Settles with the next {@link settle} of this instance. */
  wait(instance: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const others = this.#byInstance.get(instance) ?? []
      this.#byInstance.set(instance, [...others, { resolve, reject }])
    })
  }

  /** Resolves all that wait for this instance, or rejects them with the error. */
  settle(instance: number, error?: Error): void {
    const waiting = this.#byInstance.get(instance) ?? []
    this.#byInstance.delete(instance)
    for (const { resolve, reject } of waiting) {
      if (error === undefined) resolve()
      else reject(error)
    }
  }
}
