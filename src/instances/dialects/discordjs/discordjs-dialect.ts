/**
 * The manager's side of discord.js 14: a bot that ran under discord.js's own ShardingManager runs
 * here as it is, and what it asks of all shards reaches those of other machines, too.
 *
 * What others ask *of* the bot is answered by the preload inside the instance, which gets hold of
 * the client as soon as the bot has shown what it speaks.
 */
import { MachinesError, toError } from '../../../errors.js'
import { asOwn } from '../../../routing/respond.js'
import { managerDebug } from '../../../system/manager-debug.js'
import type { Dialect, DialectHost, GatewayState } from '../dialect.js'
import type { Reply } from './discordjs-answers.js'
import { errorReply, replyTo } from './discordjs-answers.js'
import type { Question, RespawnAll, Word } from './discordjs-words.js'
import { adoptScript, isScript, readyProperty, wordOf } from './discordjs-words.js'

const debug = managerDebug('discordoo:machines:discordjs')

/** Listens for the words of discord.js; a {@link DialectFactory}. */
export function discordJsDialect(host: DialectHost): Dialect {
  return new DiscordJsDialect(host)
}

class DiscordJsDialect implements Dialect {
  readonly name = 'discord.js'
  readonly #host: DialectHost
  #isRecognised = false
  #isReady = false
  #isStopping = false
  #isClosed = false

  constructor(host: DialectHost) {
    this.#host = host
    host.ipc.onMessage = (said) => this.#hear(said)
  }

  /** discord.js bots tell each other nothing that wants no answer. */
  told(): void {}

  message(message: unknown): boolean {
    // The bot would run it even on a machine that accepts no eval from others.
    if (isScript(message)) {
      this.#warn('DM_EVAL_REFUSED', 'was sent a message with a key _eval, which would run as code')
      return false
    }
    return this.#post(message, 'a message')
  }

  /** The preload closes the gateway connections; what they say meanwhile is no news. */
  stop(): boolean {
    this.#isStopping = true
    return false
  }

  close(): void {
    this.#isClosed = true
  }

  #hear(said: unknown): void {
    if (this.#isClosed) return
    const word = wordOf(said)
    if (word.kind === 'message') this.#forManager(said)
    else this.#take(word)
  }

  #take(word: Exclude<Word, { kind: 'message' }>): void {
    this.#recognise()
    switch (word.kind) {
      case 'shard-ready':
        this.#shardReady()
        return
      case 'ready-property':
        if (word.value !== null && word.value !== undefined) this.#ready()
        return
      case 'gateway':
        this.#gateway(word.state)
        return
      case 'question':
        void this.#answer(word.question)
        return
      case 'respawn-all':
        this.#respawnAll(word.respawn)
        return
      case 'adopted':
        this.#adopted(word.error)
    }
  }

  #recognise(): void {
    if (this.#isRecognised) return
    this.#isRecognised = true
    this.#host.recognised()
    this.#post({ _eval: adoptScript }, 'the question for its client')
  }

  #adopted(error: unknown): void {
    if (!error) debug('the client of instance %d is adopted', this.#host.spec.instance)
    else
      this.#warn(
        'DM_REMOTE',
        'does not hand over its client: its calls will not be answered',
        error,
      )
  }

  /**
   * A shard is ready, and discord.js does not say which; it says so again when the shard had to
   * identify anew. The client looks for the last of its shards in the same turn, so by the time it
   * answers, the property is set if that was it.
   */
  #shardReady(): void {
    if (this.#isReady) this.#gateway('resumed')
    else this.#post({ _fetchProp: readyProperty }, 'the question whether it is ready')
  }

  #ready(): void {
    this.#isReady = true
    this.#host.ready()
  }

  /** Until all shards are ready, comings and goings are part of the start. */
  #gateway(state: GatewayState): void {
    if (this.#isReady && !this.#isStopping) this.#host.gateway(state)
  }

  async #answer(question: Question): Promise<void> {
    const reply = await replyTo(question, this.#host)
    if (this.#isClosed) return
    const fault = this.#handOver(reply)
    if (fault === undefined) return
    // The bot waits for an answer, and an error is small enough for whatever room there is.
    const why = `the result cannot be handed to this bot: ${fault.message}`
    const error = new MachinesError(fault.code, why, { cause: fault.cause })
    this.#post(errorReply(question, error), 'an answer')
  }

  /** Why the reply could not be handed over; undefined when it was. */
  #handOver(reply: Reply): MachinesError | undefined {
    try {
      if (this.#host.ipc.send(reply)) return undefined
      return new MachinesError('DM_BODY_TOO_LARGE', 'with what it has not read yet it is too much')
    } catch (thrown) {
      // Node's own channel does not take every value that came over ours, such as a BigInt in JSON.
      return new MachinesError('DM_BODY_UNSUPPORTED', toError(thrown).message, { cause: thrown })
    }
  }

  #respawnAll(respawn: RespawnAll): void {
    try {
      const message = { dialect: 'discord.js', op: 'respawn-all', ...respawn } as const
      this.#host.network.tell('manager', message)
    } catch (error) {
      this.#host.warn(asOwn(error))
    }
  }

  #forManager(message: unknown): void {
    try {
      this.#host.network.messageManager(message)
    } catch (error) {
      this.#host.warn(asOwn(error))
    }
  }

  /** As `#send`, with a warning for what Node cannot serialise. */
  #post(message: unknown, what: string): boolean {
    try {
      return this.#send(message, what)
    } catch (thrown) {
      const why = `cannot be sent ${what}: ${toError(thrown).message}`
      this.#warn('DM_BODY_UNSUPPORTED', why, thrown)
      return false
    }
  }

  /** Throws what Node throws for values that it cannot serialise. */
  #send(message: unknown, what: string): boolean {
    if (this.#isClosed) return false
    const isTaken = this.#host.ipc.send(message)
    if (!isTaken) this.#warn('DM_OFFLINE', `did not take ${what}: it is gone, or does not read`)
    return isTaken
  }

  #warn(code: MachinesError['code'], what: string, cause?: unknown): void {
    const { instance } = this.#host.spec
    const details = cause === undefined ? { instance } : { instance, cause }
    this.#host.warn(new MachinesError(code, `instance ${instance} ${what}`, details))
  }
}
