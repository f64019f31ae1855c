/** What became of a call, instance by instance. Answers from many are never all-or-nothing. */
import type { MachinesError } from '../errors.js'
import type { Target } from './target.js'

/** Who an outcome is about. */
export interface InstanceName {
  /** Instance id. */
  readonly instance: number
  /** Machine name. */
  readonly machine: string
  /** Shards that the instance serves. */
  readonly shards: readonly number[]
}

/** How the call of one instance ended; {@link Outcome} says what each word means. */
export type OutcomeStatus = 'ok' | 'error' | 'timeout' | 'offline'

/**
 * One instance's share of an answer: `ok` with a value, `error` (its code threw, or refused),
 * `timeout` (no answer before the deadline), `offline` (could not be reached, or died meanwhile).
 */
export type Outcome<T = unknown> = InstanceName &
  (
    | { readonly status: 'ok'; readonly value: T }
    | { readonly status: 'error' | 'timeout' | 'offline'; readonly error: MachinesError }
  )

/** Options of every call that waits for answers. */
export interface CallOptions {
  /** Whom to ask. Default `'all'`. */
  readonly to?: Target
  /** Deadline in ms from now; it travels with the call. Default: the manager's `callTimeoutMs`. */
  readonly timeoutMs?: number
}

/** Options of `eval` and `evalSettled`. */
export interface EvalOptions<C extends object = object> extends CallOptions {
  /** Handed to the evaluated function; must be something that can be sent. */
  readonly context?: C
}

/** Options of `send`. */
export interface SendOptions {
  /**
   * Whom to tell. Default `'all'` (the sender itself included). `'manager'`: the `message` event of
   * the parent manager, or of the only manager in a local mode.
   */
  readonly to?: Target | 'manager'
}
