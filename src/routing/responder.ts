/** The answering side: messages to the bot, evals to its runner, named requests to their handlers. */
import { MachinesError } from '../errors.js'
import { decodeBody } from './body-codec.js'
import { decodeCallBody } from './call-body.js'
import type { Caller } from './caller.js'
import { callerOf } from './caller.js'
import type { EnvelopeHeader } from './envelope.js'
import { EnvelopeKind, Verb } from './envelope.js'
import { bodyOf, decodeHeader } from './envelope-codec.js'
import { remoteError } from './error-body.js'
import { decodeEvalBody } from './eval-body.js'
import type { EvalScript } from './eval-script.js'
import type { Handlers } from './handlers.js'
import { asOwn, respond } from './respond.js'
import type { Answerer } from './send-answer.js'

export interface ResponderOptions extends Answerer {
  readonly handlers: Pick<Handlers, 'get'>
  /** Makes a function of a script; throws DM_EVAL_SCRIPT when it does not compile. */
  readonly compile: (script: EvalScript) => (context: object) => unknown
  readonly onMessage: (message: unknown, from: Caller) => void
  /** A message came whose body cannot be decoded; a call with such a body is answered instead. */
  readonly onUnreadable: (error: MachinesError, from: Caller) => void
}

export class Responder {
  readonly #options: ResponderOptions

  constructor(options: ResponderOptions) {
    this.#options = options
  }

  /** Takes a SEND or REQUEST; false for anything else. Calls are answered in a later turn. */
  receive(envelope: Uint8Array, header: EnvelopeHeader = decodeHeader(envelope)): boolean {
    if (header.kind === EnvelopeKind.SEND) {
      this.#message(header, bodyOf(envelope))
      return true
    }
    if (header.kind !== EnvelopeKind.REQUEST) return false
    respond(header, bodyOf(envelope), this.#options, (body) => this.#run(header, body))
    return true
  }

  #message(header: EnvelopeHeader, body: Uint8Array): void {
    const from = callerOf(header)
    let message: unknown
    try {
      message = decodeBody(body)
    } catch (error) {
      this.#options.onUnreadable(asOwn(error), from)
      return
    }
    this.#options.onMessage(message, from)
  }

  /** Rejects with MachinesErrors only: what the bot's code threw is the cause of a DM_REMOTE. */
  #run(header: EnvelopeHeader, body: Uint8Array): Promise<unknown> {
    return header.verb === Verb.EVAL ? this.#eval(body) : this.#call(header, body)
  }

  async #eval(body: Uint8Array): Promise<unknown> {
    const { script, context } = decodeEvalBody(body)
    const run = this.#options.compile(script)
    try {
      return await run(context)
    } catch (thrown) {
      throw remoteError('the eval', thrown)
    }
  }

  async #call(header: EnvelopeHeader, body: Uint8Array): Promise<unknown> {
    const { name, payload } = decodeCallBody(body)
    const handler = typeof name === 'string' ? this.#options.handlers.get(name) : undefined
    if (handler === undefined) {
      throw new MachinesError('DM_HANDLER_UNKNOWN', `there is no handler for ${shown(name)}`)
    }
    try {
      return await handler(payload, callerOf(header), { timeoutMs: header.budgetMs })
    } catch (thrown) {
      throw remoteError(`the handler of ${shown(name)}`, thrown)
    }
  }
}

function shown(name: unknown): string {
  return JSON.stringify(String(name).slice(0, 100))
}
