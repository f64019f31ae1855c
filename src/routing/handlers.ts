/** What an instance answers requests with, by name. */
import { MachinesError } from '../errors.js'
import type { Caller } from './caller.js'

/** What a handler is told about a call beside its payload. */
export interface CallInfo {
  /** What was left of the caller's deadline when the call was sent on to this instance, ms. */
  readonly timeoutMs: number
}

export type RequestHandler = (payload: unknown, from: Caller, call: CallInfo) => unknown

export class Handlers {
  readonly #handlers = new Map<string, RequestHandler>()

  get(name: string): RequestHandler | undefined {
    return this.#handlers.get(name)
  }

  /**
   * Registers the handler of a named request and returns what takes it away again.
   *
   * One handler per name: a second one is refused with DM_STATE rather than replacing the first
   * where nobody notices.
   */
  add(name: string, handler: RequestHandler): () => void {
    if (this.#handlers.has(name)) {
      throw new MachinesError('DM_STATE', `there is a handler for ${JSON.stringify(name)} already`)
    }
    this.#handlers.set(name, handler)
    return () => {
      if (this.#handlers.get(name) === handler) this.#handlers.delete(name)
    }
  }
}
