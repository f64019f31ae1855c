/**
 * Asks the manager whether there is room, one question at a time: whoever asks while one is under
 * way shares the next, so that a bot which asks for each of its messages does not add to the load.
 */
export class FlushLine {
  readonly #ask: () => boolean
  #isClosed = false
  #current: Promise<void> | undefined
  #answered: () => void = () => {}
  #next: Promise<void> | undefined

  /** @param ask sends the question; false when nobody is there to answer it. */
  constructor(ask: () => boolean) {
    this.#ask = ask
  }

  /** Resolves with the answer to a question that was asked after this call; never rejects. */
  wait(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    if (this.#next !== undefined) return this.#next
    if (this.#current === undefined) return this.#begin()
    this.#next = this.#current.then(() => {
      this.#next = undefined
      return this.#begin()
    })
    return this.#next
  }

  /** The answer has come. */
  answer(): void {
    this.#current = undefined
    this.#answered()
  }

  /** The manager is gone: there is nothing to wait for any more. */
  close(): void {
    this.#isClosed = true
    this.answer()
  }

  #begin(): Promise<void> {
    const asked = new Promise<void>((resolve) => {
      this.#answered = resolve
    })
    this.#current = asked
    if (this.#isClosed || !this.#ask()) this.answer()
    return asked
  }
}
