/**
 * Answers in the stead of a discord.js bot, from within: calls go to its client directly, so that
 * each is told apart by its id, ends at its deadline and may fail in whatever way it likes.
 *
 * Loaded only where there is such a client; the preload stays light for all others.
 */
import { MachinesError } from '../errors.js'
import type { InstanceIdentity } from '../instances/channel/instance-channel.js'
import { decodeBody, encodeJsonBody } from '../routing/body-codec.js'
import type { EnvelopeHeader } from '../routing/envelope.js'
import { EnvelopeKind, isDialectVerb, Verb } from '../routing/envelope.js'
import { bodyOf, decodeHeader } from '../routing/envelope-codec.js'
import { remoteError } from '../routing/error-body.js'
import { Handlers } from '../routing/handlers.js'
import { isRecord } from '../routing/records.js'
import { type RespondOptions, respond } from '../routing/respond.js'
import { Responder } from '../routing/responder.js'
import { compileScript } from './compile-script.js'
import { type DiscordJsClient, evaluate } from './discordjs-client.js'

export class AdoptedClient {
  readonly #client: DiscordJsClient
  readonly #options: RespondOptions
  /** For `manager.eval`, which means the same for every bot. */
  readonly #evals: Responder

  constructor(
    client: DiscordJsClient,
    { instance, mode }: Pick<InstanceIdentity, 'instance' | 'mode'>,
    send: (envelope: Uint8Array) => boolean,
  ) {
    const common = { self: instance, send }
    this.#client = client
    // Results look as Node would have carried them between bot and manager: as JSON, in workers whole.
    this.#options = mode === 'workers' ? common : { ...common, encode: encodeAsJson }
    this.#evals = new Responder({
      ...common,
      handlers: new Handlers(),
      compile: (script) => {
        const run = compileScript(script)
        return (context) => run({ ...context, client })
      },
      onMessage() {},
      onUnreadable() {},
    })
  }

  /**
   * Answers a REQUEST: an EVAL, or one of the dialect. False for everything else. The envelope is not
   * looked at later on.
   */
  receive(envelope: Uint8Array): boolean {
    const header = headerOf(envelope)
    if (header?.kind !== EnvelopeKind.REQUEST) return false
    const { verb } = header
    if (verb === Verb.EVAL) this.#evals.receive(envelope, header)
    else if (!isDialectVerb(verb)) return false
    else respond(header, bodyOf(envelope), this.#options, (body) => this.#answer(verb, body))
    return true
  }

  /** Closes the gateway connections; rejects with what the client throws. */
  async destroy(): Promise<void> {
    await this.#client.destroy?.()
  }

  /** Scripts only where routers have seen that it is one: a machine may accept no eval from others. */
  async #answer(verb: Verb, body: Uint8Array): Promise<unknown> {
    const asked = decodeBody(body)
    const { dialect, op, script, prop } = isRecord(asked) ? asked : {}
    if (dialect === 'discord.js') {
      const isEval = verb === Verb.EVAL_DIALECT && op === 'eval'
      if (isEval && typeof script === 'string') return this.#eval(script)
      const isFetch = verb === Verb.CALL_DIALECT && op === 'fetch'
      if (isFetch && typeof prop === 'string') return this.#fetch(prop)
    }
    throw new MachinesError('DM_HANDLER_UNKNOWN', 'a discord.js bot does not know what it is asked')
  }

  async #eval(script: string): Promise<unknown> {
    try {
      return await evaluate(this.#client, script)
    } catch (thrown) {
      throw remoteError('the eval', thrown)
    }
  }

  /** The value at the end of a path such as `guilds.cache.size`. */
  #fetch(path: string): unknown {
    try {
      // Getters on the way are looked at as discord.js does, which checks nothing either.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what has no such member throws, which is the answer
      return path.split('.').reduce<unknown>((value, key) => (value as Members)[key], this.#client)
    } catch (thrown) {
      throw remoteError(`fetching ${JSON.stringify(path.slice(0, 100))}`, thrown)
    }
  }
}

/** Undefined for what has no header that makes sense. */
function headerOf(envelope: Uint8Array): EnvelopeHeader | undefined {
  try {
    return decodeHeader(envelope)
  } catch {
    return undefined
  }
}

interface Members {
  readonly [key: string]: unknown
}

function encodeAsJson(result: unknown): Uint8Array {
  return encodeJsonBody(result, 'result')
}
