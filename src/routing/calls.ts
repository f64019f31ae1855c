/** The public calls of bots and managers, on top of a requester. */
import { MachinesError } from '../errors.js'
import { encodeBody } from './body-codec.js'
import { Verb } from './envelope.js'
import { encodeEvalBody } from './eval-body.js'
import type { CallOptions, EvalOptions, Outcome, SendOptions } from './outcome.js'
import { parseSendTarget, parseTarget } from './parse-target.js'
import type { Requester } from './requester.js'

/**
 * What an evaluated function gets: the `context` of the call and what each bot exposed. Only its
 * author knows the types; annotate the parameter to have them checked.
 */
// biome-ignore lint/suspicious/noExplicitAny: the members belong to the user, and `unknown` would have every function cast them.
export type EvalContext = Record<string, any>

/** A function, sent by its source (it sees no variables around it), or the text of its body. */
export type Evaluable<R, C extends object = EvalContext> = string | ((context: C) => R | Promise<R>)

export class Calls {
  readonly #requester: Requester

  constructor(requester: Requester) {
    this.#requester = requester
  }

  /**
   * Sends a message to the `message` event of instances; returns the id that an `undelivered`
   * report would name. Throws DM_TARGET_INVALID, DM_BODY_UNSUPPORTED, DM_BODY_TOO_LARGE, DM_STOPPED.
   */
  send(message: unknown, options: SendOptions = {}): number {
    return this.#requester.send(
      parseSendTarget(options.to ?? 'all'),
      encodeBody(message, 'message'),
    )
  }

  /**
   * Evaluates a script on instances and resolves with their values, by ascending instance id.
   *
   * Rejects when any of them fails, with a MachinesError of the code of the first failed outcome
   * (lowest instance id): its `instance` and `machine`, as `cause` what that outcome's error has (for
   * DM_REMOTE what the code over there threw), and in `failures` the errors of all that failed.
   */
  async eval<R = unknown, C extends object = EvalContext>(
    script: Evaluable<R, C>,
    options: EvalOptions = {},
  ): Promise<R[]> {
    return valuesOf(await this.#ask<R>(Verb.EVAL, encodeEvalBody(script, options.context), options))
  }

  /** As `eval`, but resolves with the outcome of every instance. */
  async evalSettled<R = unknown, C extends object = EvalContext>(
    script: Evaluable<R, C>,
    options: EvalOptions = {},
  ): Promise<Outcome<R>[]> {
    return this.#ask<R>(Verb.EVAL, encodeEvalBody(script, options.context), options)
  }

  /** Calls the handler of this name on instances and resolves with their values, as `eval` does. */
  async request<R = unknown>(
    name: string,
    payload?: unknown,
    options: CallOptions = {},
  ): Promise<R[]> {
    return valuesOf(await this.#ask<R>(Verb.CALL, callBody(name, payload), options))
  }

  /** As `request`, but resolves with the outcome of every instance. */
  async requestSettled<R = unknown>(
    name: string,
    payload?: unknown,
    options: CallOptions = {},
  ): Promise<Outcome<R>[]> {
    return this.#ask<R>(Verb.CALL, callBody(name, payload), options)
  }

  #ask<R>(verb: Verb, body: Uint8Array, options: CallOptions): Promise<Outcome<R>[]> {
    const target = parseTarget(options.to ?? 'all')
    const outcomes: Promise<Outcome[]> = this.#requester.call(target, verb, body, options.timeoutMs)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the caller knows what the code over there gives
    return outcomes as Promise<Outcome<R>[]>
  }
}

function callBody(name: unknown, payload: unknown): Uint8Array {
  if (typeof name === 'string') return encodeBody({ name, payload }, '')
  const details = { path: 'name', allowed: 'a string' }
  throw new MachinesError('DM_OPTION_TYPE', 'name: only a string is allowed', details)
}

/** The values of outcomes that are all `ok`; throws one error that stands for all others. */
export function valuesOf<R>(outcomes: readonly Outcome<R>[]): R[] {
  const values: R[] = []
  const failures: MachinesError[] = []
  for (const outcome of outcomes) {
    if (outcome.status === 'ok') values.push(outcome.value)
    else failures.push(outcome.error)
  }
  const [first] = failures
  if (first === undefined) return values
  const { instance, machine } = outcomes.find(({ status }) => status !== 'ok') ?? {}
  const who = `instance ${instance} on ${machine}`
  const message = `${failures.length} of ${outcomes.length} failed; ${who}: ${first.message}`
  const where = instance === undefined || machine === undefined ? {} : { instance, machine }
  throw new MachinesError(first.code, message, { cause: first.cause, ...where, failures })
}
