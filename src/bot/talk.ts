/**
 * What a bot says and answers: calls, messages, evals. Most of the code of the bot API is here,
 * and an instance needs none of it to start, so it comes with the first word (load-talk.ts).
 */
import { MachinesError } from '../errors.js'
import { Calls } from '../routing/calls.js'
import { decodeHeader } from '../routing/envelope-codec.js'
import type { Handlers } from '../routing/handlers.js'
import { Requester, randomRequestId } from '../routing/requester.js'
import { Responder } from '../routing/responder.js'
import type { Undelivered } from '../routing/router-types.js'
import { Ticker } from '../routing/ticker.js'
import { lazyDebug } from '../system/lazy-debug.js'
import type { System } from '../system/system.js'
import type { ReceivedMessage } from './bot.js'
import { compileScript } from './compile-script.js'
import type { InstanceRuntime } from './instance-runtime.js'

const debug = lazyDebug('discordoo:machines:bot')

export interface TalkOptions {
  readonly runtime: Pick<InstanceRuntime, 'identity' | 'sendEnvelope'>
  readonly system: System
  /** What evaluated functions see, over the context of their call; may change at any time. */
  readonly exposed: Readonly<Record<string, unknown>>
  /** What answers requests; may change at any time. */
  readonly handlers: Handlers
  readonly onMessage: (received: ReceivedMessage) => void
  readonly onUndelivered: (report: Undelivered) => void
}

/** Makes a {@link Talk}. */
export type NewTalk = (options: TalkOptions) => Talk

export class Talk {
  readonly calls: Calls
  readonly #requester: Requester
  readonly #responder: Responder

  constructor({ runtime, system, exposed, handlers, onMessage, onUndelivered }: TalkOptions) {
    const { instance, callTimeoutMs } = runtime.identity
    const send = (envelope: Uint8Array): boolean => runtime.sendEnvelope(envelope)
    const ticker = new Ticker(system, (now) => this.#requester.tick(now))
    this.#requester = new Requester({
      self: instance,
      send,
      clock: system,
      firstId: randomRequestId(system),
      timeoutMs: callTimeoutMs,
      onUndelivered,
      onWaiting: () => ticker.wake(),
      later: atEndOfTurn,
    })
    this.#responder = new Responder({
      self: instance,
      send,
      handlers,
      compile: (script) => {
        const run = compileScript(script)
        return (context) => run({ ...context, ...exposed })
      },
      onMessage: (message, from) => onMessage({ message, from }),
      onUnreadable: (error) => process.emitWarning(error),
      later: atEndOfTurn,
    })
    this.calls = new Calls(this.#requester)
  }

  /** Sends what was asked in this turn and waits for company. */
  flush(): void {
    this.#requester.flush()
  }

  /** Takes an envelope for this instance; one that makes no sense is a warning. */
  receive(envelope: Uint8Array): void {
    try {
      const header = decodeHeader(envelope)
      if (this.#responder.receive(envelope, header)) return
      if (!this.#requester.receive(envelope, header)) debug('an answer that nobody waits for')
    } catch (error) {
      if (!(error instanceof MachinesError)) throw error
      process.emitWarning(error)
    }
  }
}

/** After all microtasks, and before anything is written. */
function atEndOfTurn(run: () => void): void {
  process.nextTick(run)
}
