/**
 * Events of public classes, typed by a map of event name to listener.
 *
 * Not `extends EventEmitter<…>`: consumers with older Node types would lose `.on` altogether. The
 * real emitter is a private part, so its many other members are not part of the public API either.
 */
import { EventEmitter } from 'node:events'

/** Shape of an event map: name to listener. */
type Listeners<Events> = { [K in keyof Events]: (...args: never[]) => unknown }

type AnyListener = (...args: unknown[]) => void

function untyped(listener: unknown): AnyListener {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the public methods have checked the real type
  return listener as AnyListener
}

export class TypedEvents<Events extends Listeners<Events>> {
  readonly #emitter: EventEmitter = new EventEmitter()

  /** Calls `listener` on every `event`. */
  on<K extends keyof Events & string>(event: K, listener: Events[K]): this {
    this.#emitter.on(event, untyped(listener))
    return this
  }

  /** Calls `listener` on the next `event` only. */
  once<K extends keyof Events & string>(event: K, listener: Events[K]): this {
    this.#emitter.once(event, untyped(listener))
    return this
  }

  /** Removes a listener that `on` or `once` added. */
  off<K extends keyof Events & string>(event: K, listener: Events[K]): this {
    this.#emitter.off(event, untyped(listener))
    return this
  }

  /** The same as `on`; `events.once(manager, …)` and older code use this name. */
  addListener<K extends keyof Events & string>(event: K, listener: Events[K]): this {
    return this.on(event, listener)
  }

  /** The same as `off`. */
  removeListener<K extends keyof Events & string>(event: K, listener: Events[K]): this {
    return this.off(event, listener)
  }

  /** How many listeners wait for `event`. */
  listenerCount(event: keyof Events & string): number {
    return this.#emitter.listenerCount(event)
  }

  /** Calls every listener in order; false when there was none. */
  emit<K extends keyof Events & string>(event: K, ...args: Parameters<Events[K]>): boolean {
    return this.#emitter.emit(event, ...args)
  }
}
