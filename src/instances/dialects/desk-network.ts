/** The network as the dialect of one instance asks it: calls and messages in the instance's name. */
import { encodeBody } from '../../routing/body-codec.js'
import type { EnvelopeHeader } from '../../routing/envelope.js'
import { Verb } from '../../routing/envelope.js'
import type { Outcome } from '../../routing/outcome.js'
import { parseSendTarget, parseTarget } from '../../routing/parse-target.js'
import { Requester, randomRequestId } from '../../routing/requester.js'
import type { Target } from '../../routing/target.js'
import { Ticker } from '../../routing/ticker.js'
import type { DialectMessage, DialectNetwork } from './dialect.js'
import type { DeskOptions } from './dialect-desk.js'

export class DeskNetwork implements DialectNetwork {
  readonly #options: DeskOptions
  readonly #requester: Requester
  readonly #ticker: Ticker

  constructor(options: DeskOptions) {
    const { spec, system, send, callTimeoutMs, events } = options
    this.#options = options
    this.#ticker = new Ticker(system, (now) => this.#requester.tick(now))
    this.#requester = new Requester({
      self: spec.instance,
      send,
      clock: system,
      firstId: randomRequestId(system),
      timeoutMs: callTimeoutMs,
      onUndelivered: (report) => events.undelivered(report),
      onWaiting: () => this.#ticker.wake(),
    })
  }

  get callTimeoutMs(): number {
    return this.#options.callTimeoutMs
  }

  get instanceCount(): number {
    return this.#options.instanceCount()
  }

  hasShard(shard: number): boolean {
    return this.#options.hasShard(shard)
  }

  async ask(
    target: Target,
    message: DialectMessage,
    options: { readonly runsCode: boolean; readonly timeoutMs?: number },
  ): Promise<Outcome[]> {
    const verb = options.runsCode ? Verb.EVAL_DIALECT : Verb.CALL_DIALECT
    const body = encodeBody(message, '')
    return this.#requester.call(parseTarget(target), verb, body, options.timeoutMs)
  }

  tell(target: Target | 'manager', message: DialectMessage): void {
    this.#requester.send(parseSendTarget(target), encodeBody(message, ''), Verb.TELL)
  }

  messageManager(message: unknown): void {
    const body = encodeBody({ op: 'message', message }, '')
    this.#requester.send({ kind: 'manager' }, body, Verb.TELL)
  }

  settle(envelope: Uint8Array, header: EnvelopeHeader): boolean {
    return this.#requester.receive(envelope, header)
  }

  close(): void {
    this.#requester.stop()
    this.#ticker.stop()
  }
}
