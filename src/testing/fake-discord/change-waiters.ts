/** Those who wait until something holds, and are asked again whenever something has changed. */

interface Waiter {
  readonly holds: () => boolean
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

export class ChangeWaiters {
  readonly #waiters = new Set<Waiter>()
  #end: Error | undefined

  /** Resolves when `holds` does. Rejects with the signal's reason, what `holds` throws, or `end()`. */
  wait(holds: () => boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      if (holds()) {
        resolve()
        return
      }
      if (this.#end !== undefined) throw this.#end
      const done = (finish: () => void) => {
        this.#waiters.delete(waiter)
        signal?.removeEventListener('abort', onAbort)
        finish()
      }
      const onAbort = () => done(() => reject(signal?.reason))
      const waiter: Waiter = {
        holds,
        resolve: () => done(resolve),
        reject: (reason) => done(() => reject(reason)),
      }
      this.#waiters.add(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Something may have changed. */
  look(): void {
    for (const waiter of this.#waiters) {
      try {
        if (waiter.holds()) waiter.resolve()
      } catch (thrown) {
        waiter.reject(thrown)
      }
    }
  }

  /** Nothing will change any more. */
  end(reason: Error): void {
    this.look()
    this.#end = reason
    for (const waiter of this.#waiters) waiter.reject(reason)
  }
}
