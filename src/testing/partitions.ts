/** Which hosts cannot reach which, and who waits for that to end. */

type Wake = () => void

export class Partitions {
  /** Hosts that nothing from a host reaches. */
  readonly #blocked = new Map<string, Set<string>>()
  readonly #waiting = new Set<Wake>()

  isBlocked(from: string, to: string): boolean {
    return this.#blocked.get(from)?.has(to) ?? false
  }

  /** Nothing from `from` reaches `to` any more. */
  block(from: string, to: string): void {
    const blocked = this.#blocked.get(from) ?? new Set()
    this.#blocked.set(from, blocked.add(to))
  }

  healAll(): void {
    this.#blocked.clear()
    this.#wake()
  }

  heal(from: string, to: string): void {
    this.#blocked.get(from)?.delete(to)
    this.#wake()
  }

  /** Resolves when `from` reaches `to`; rejects with the signal's reason when that aborts first. */
  async untilOpen(from: string, to: string, signal: AbortSignal): Promise<void> {
    while (this.isBlocked(from, to)) await this.#nextHeal(signal)
  }

  #nextHeal(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = () => {
        this.#waiting.delete(wake)
        reject(signal.reason)
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }
}
