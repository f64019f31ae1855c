/** A moment that many may wait for, again and again: all who wait share one promise. */
export class ReadySignal {
  #promise: Promise<void> | undefined
  #resolve: () => void = () => {}

  /** Resolves at the next `give`. */
  wait(): Promise<void> {
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve
    })
    return this.#promise
  }

  /** Everybody who waits goes on. */
  give(): void {
    this.#resolve()
    this.#promise = undefined
  }
}
