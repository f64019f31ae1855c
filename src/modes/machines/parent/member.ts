/**
 * One machine of a parent: its link, what it reports, and whether it counts as reachable.
 *
 * A short break of the connection is the link's own business: messages wait and are sent again. Only
 * after `linkOfflineAfterMs` is the machine taken for unreachable, so that callers get `offline`
 * instead of waiting for their deadlines.
 */
import type { ErrorCode, MachinesError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import type { DialEvents, LinkHealth, Refusal } from '../../../link/link.js'
import type { DialedLink } from '../../../link/link-dialer.js'
import type { Cancel, System } from '../../../system/system.js'
import { LinkMessageKind } from '../control-messages.js'
import { parseChildMessage } from '../control-parser.js'
import type { RemoteMachine } from './remote-machine.js'

/** What a member tells the parent. */
export interface MemberHooks {
  /** A new link to this machine; it is not started yet. */
  dial(events: DialEvents): DialedLink
  envelope(envelope: Uint8Array): void
  /** A session ended with these messages unconfirmed. */
  lost(envelopes: readonly Uint8Array[]): void
  /** A new session began with an assignment; the child knows nothing else yet. */
  assigned(): void
  reachable(isReachable: boolean): void
  refused(reason: MachinesError, refusal: Refusal): void
  health(health: LinkHealth): void
}

export class Member {
  readonly machine: RemoteMachine
  readonly #system: System
  readonly #hooks: MemberHooks
  #link: DialedLink | undefined
  #isReachable = false
  #isEnding = false
  #cancelOffline: Cancel = () => {}
  #cancelRedial: Cancel = () => {}

  constructor(
    system: System,
    hooks: MemberHooks,
    createMachine: (send: (bytes: Uint8Array) => boolean) => RemoteMachine,
  ) {
    this.#system = system
    this.#hooks = hooks
    this.machine = createMachine((bytes) => this.#link?.send(bytes) ?? false)
  }

  get isReachable(): boolean {
    return this.#isReachable
  }

  get isUp(): boolean {
    return this.#link?.isUp ?? false
  }

  get health(): LinkHealth {
    return this.#link?.health ?? { pingMs: undefined, peerLagMs: undefined }
  }

  /** Begins to dial, and does not give up before end(). */
  start(): void {
    this.#link = this.#newLink()
    this.#link.start()
  }

  /** Closes the link for good, after all that was sent before. */
  async end(code: ErrorCode, reason: string): Promise<void> {
    this.#isEnding = true
    this.#cancelOffline()
    this.#cancelRedial()
    await this.#link?.close(code, reason)
  }

  #newLink(): DialedLink {
    return this.#hooks.dial({
      up: ({ resumed }) => this.#onUp(resumed),
      down: (reason) => this.#onDown(reason),
      message: (bytes) => this.#onMessage(bytes),
      reset: (reason, lost) => this.#onReset(reason, lost),
      closed: (reason) => this.#onClosed(reason),
      health: (health) => this.#hooks.health(health),
      refused: (reason, refusal) => this.#onRefused(reason, refusal),
    })
  }

  #onUp(resumed: boolean): void {
    this.#cancelOffline()
    this.#setReachable(true)
    if (resumed) this.machine.markResumed()
    else {
      this.machine.assign()
      this.#hooks.assigned()
    }
  }

  #onDown(reason: MachinesError): void {
    this.machine.markLost(reason)
    this.#cancelOffline()
    this.#cancelOffline = this.#system.setTimer(limits.linkOfflineAfterMs, () =>
      this.#setReachable(false),
    )
  }

  #onMessage(bytes: Uint8Array): void {
    if (bytes[0] === LinkMessageKind.ENVELOPE) this.#hooks.envelope(bytes.subarray(1))
    else {
      const message = parseChildMessage(bytes)
      if (message) this.machine.handle(message)
    }
  }

  #onReset(reason: MachinesError, lost: readonly Uint8Array[]): void {
    this.machine.failCalls(reason)
    this.#setReachable(false)
    const envelopes = lost.filter((bytes) => bytes[0] === LinkMessageKind.ENVELOPE)
    this.#hooks.lost(envelopes.map((bytes) => bytes.subarray(1)))
  }

  /** The child said goodbye (it was stopped). It may be started again, so dialling goes on. */
  #onClosed(reason: MachinesError): void {
    this.#cancelOffline()
    this.#setReachable(false)
    this.machine.failCalls(reason)
    if (this.#isEnding) return
    this.machine.markStopped()
    this.#cancelRedial = this.#system.setTimer(limits.redialAfterCloseMs, () => this.start())
  }

  #onRefused(reason: MachinesError, refusal: Refusal): void {
    if (refusal.fatal) this.machine.markFailed(reason)
    this.#hooks.refused(reason, refusal)
  }

  #setReachable(isReachable: boolean): void {
    if (isReachable === this.#isReachable) return
    this.#isReachable = isReachable
    this.#hooks.reachable(isReachable)
  }
}
