/**
 * A manager as a node of the network: its router, its own requester, and the one timer behind both.
 * The modes give it next hops and tell it what comes and goes.
 */
import type { MachinesError } from '../errors.js'
import type { DialectMessage } from '../instances/dialects/dialect.js'
import { encodeBody } from '../routing/body-codec.js'
import { Calls } from '../routing/calls.js'
import type { Endpoint } from '../routing/endpoint.js'
import { type EnvelopeHeader, Verb } from '../routing/envelope.js'
import { Requester, randomRequestId } from '../routing/requester.js'
import { asOwn } from '../routing/respond.js'
import { Router } from '../routing/router.js'
import type { Hops, Undelivered } from '../routing/router-types.js'
import { Ticker } from '../routing/ticker.js'
import type { System } from '../system/system.js'
import { type Mail, readMail } from './mail.js'

export interface ManagerNodeOptions {
  readonly self: Endpoint
  /** Index of the machine whose instances `hops.local` reaches; undefined for a parent. */
  readonly machine: number | undefined
  readonly hops: Hops
  readonly system: System
  readonly callTimeoutMs: number
  readonly acceptRemoteEval: boolean
  readonly onUndelivered: (report: Undelivered) => void
  /** What bots say to the manager of all; given by that manager alone. */
  readonly onMail?: (mail: Mail) => void
  readonly onWarning: (error: MachinesError) => void
}

export class ManagerNode {
  readonly router: Router
  readonly calls: Calls
  readonly #requester: Requester
  readonly #ticker: Ticker

  constructor(options: ManagerNodeOptions) {
    const { self, machine, hops, system, acceptRemoteEval } = options
    this.#ticker = new Ticker(system, (now) => {
      const routerWaits = this.router.tick(now)
      return this.#requester.tick(now) || routerWaits
    })
    const onWaiting = () => this.#ticker.wake()
    this.router = new Router({
      self,
      machine,
      hops,
      clock: system,
      acceptRemoteEval,
      onWaiting,
      deliver: (envelope) => void this.#requester.receive(envelope),
      ...(options.onMail === undefined ? {} : { onMail: mailReader(options) }),
    })
    this.#requester = new Requester({
      self,
      clock: system,
      firstId: randomRequestId(system),
      timeoutMs: options.callTimeoutMs,
      onUndelivered: options.onUndelivered,
      onWaiting,
      send: (envelope) => {
        this.router.fromSelf(envelope)
        return true
      },
    })
    this.calls = new Calls(this.#requester)
  }

  /** Tells every bot something in its own dialect. What does not arrive is reported as ever. */
  tell(message: DialectMessage): void {
    this.#requester.send({ kind: 'all' }, encodeBody(message, ''), Verb.TELL)
  }

  /** Ends every call that waits, with DM_STOPPED. */
  stop(): void {
    this.#requester.stop()
    this.#ticker.stop()
  }
}

function mailReader({ onMail, onWarning }: ManagerNodeOptions) {
  return (envelope: Uint8Array, header: EnvelopeHeader) => {
    try {
      const mail = readMail(envelope, header)
      if (mail !== undefined) onMail?.(mail)
    } catch (error) {
      onWarning(asOwn(error))
    }
  }
}
