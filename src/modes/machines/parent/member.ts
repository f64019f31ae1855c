/** One machine of a parent: its link, dialled for as long as the parent runs, and what it reports. */
import type { ErrorCode, MachinesError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import { type DialEvents, type LinkHealth, noHealth, type Refusal } from '../../../link/link.js'
import type { DialedLink } from '../../../link/link-dialer.js'
import type { Taken } from '../../../routing/router-types.js'
import type { Cancel, System } from '../../../system/system.js'
import type { ChildMessage } from '../control-messages.js'
import { ControlOutbox } from '../control-outbox.js'
import { parseChildMessage } from '../control-parser.js'
import {
  envelopesAmong,
  MessageFaults,
  type MessageReader,
  readLinkMessage,
} from '../link-messages.js'
import { postEnvelope } from '../post-envelope.js'
import { Reachability } from '../reachability.js'
import { type OwnershipMessage, RemoteMachine, type RemoteMachineHooks } from './remote-machine.js'

/** What a member tells the parent. */
export interface MemberHooks extends Omit<RemoteMachineHooks, 'tell' | 'onFault'> {
  /** A new link to this machine; it is not started yet. */
  dial(events: DialEvents): DialedLink
  envelope(envelope: Uint8Array): void
  /** A session ended with these envelopes unconfirmed. */
  lost(envelopes: readonly Uint8Array[]): void
  /** Whether the machine can be reached has changed. */
  reachable(isReachable: boolean): void
  /** The session is over; the next one begins with what the machine runs. */
  sessionEnded(): void
  /** Somebody else decides about the machine now: a later start of this parent, or another parent. */
  replaced(by: 'later-start' | 'another-parent'): void
  refused(reason: MachinesError, refusal: Refusal): void
  health(health: LinkHealth): void
  warning(error: MachinesError): void
}

type Share = ConstructorParameters<typeof RemoteMachine>

export class Member {
  readonly machine: RemoteMachine
  readonly #system: System
  readonly #hooks: MemberHooks
  readonly #outbox: ControlOutbox
  readonly #faults: MessageFaults
  readonly #reachability: Reachability
  readonly #reader: MessageReader<ChildMessage>
  #link: DialedLink | undefined
  #isEnding = false
  #cancelRedial: Cancel = () => {}

  constructor(system: System, hooks: MemberHooks, share: Share[0], plans: Share[1]) {
    this.#system = system
    this.#hooks = hooks
    const peer = `machine ${share.machine}`
    const onWarning = (error: MachinesError) => hooks.warning(error)
    this.#outbox = new ControlOutbox(peer, () => this.#link, onWarning)
    this.#faults = new MessageFaults(peer, onWarning)
    this.#reachability = new Reachability(system, (isReachable) => hooks.reachable(isReachable))
    this.machine = new RemoteMachine(share, plans, {
      self: () => hooks.self(),
      isWhole: () => hooks.isWhole(),
      tell: (message) => this.#outbox.tell(message),
      onPhase: (phase, error) => hooks.onPhase(phase, error),
      onInstance: (event) => hooks.onInstance(event),
      onOwnership: (message) => this.#onOwnership(message),
      onFault: (what) => this.#faults.add(what),
    })
    this.#reader = {
      parse: parseChildMessage,
      control: (message) => this.machine.handle(message),
      envelope: (envelope) => hooks.envelope(envelope),
    }
  }

  get isReachable(): boolean {
    return this.#reachability.isReachable
  }

  get isUp(): boolean {
    return this.#link?.isUp ?? false
  }

  get health(): LinkHealth {
    return this.#link?.health ?? noHealth
  }

  /** Begins to dial, and does not give up before end(). */
  start(): void {
    this.#link = this.#newLink()
    this.#link.start()
  }

  /** Hands an envelope to the machine. */
  deliver(envelope: Uint8Array): Taken {
    if (!this.isReachable || this.#link === undefined) return false
    return postEnvelope(this.#link, envelope)
  }

  /** Resolves when the link has room for much more. */
  async flushed(): Promise<void> {
    await this.#link?.ready()
  }

  /** Sends a control message that is encoded already, as it is the same for many machines. */
  post(bytes: Uint8Array): void {
    this.#outbox.post(bytes)
  }

  /** Closes the link for good, after all that was sent before. Calling it again changes nothing. */
  async end(code: ErrorCode, reason: string): Promise<void> {
    this.#isEnding = true
    this.#cancelRedial()
    await this.#link?.close(code, reason)
    this.#reachability.gone()
  }

  #newLink(): DialedLink {
    return this.#hooks.dial({
      up: ({ resumed }) => this.#onUp(resumed),
      down: (reason) => this.#onDown(reason),
      message: (bytes) => readLinkMessage(bytes, this.#reader, this.#faults),
      reset: (reason, lost) => this.#onReset(reason, lost),
      closed: (reason) => this.#onClosed(reason),
      health: (health) => this.#hooks.health(health),
      refused: (reason, refusal) => this.#onRefused(reason, refusal),
    })
  }

  #onUp(resumed: boolean): void {
    if (resumed) this.machine.connectionResumed()
    else this.machine.sessionBegan()
    // In a new session the machine speaks first.
    if (resumed) this.#reachability.up()
  }

  #onOwnership(message: OwnershipMessage): void {
    this.#hooks.onOwnership(message)
    if (message.op === 'running') this.#reachability.up()
  }

  #onDown(reason: MachinesError): void {
    this.machine.connectionLost(reason)
    this.#reachability.down()
  }

  #onReset(reason: MachinesError, lost: readonly Uint8Array[]): void {
    this.machine.sessionLost(reason)
    this.#sessionOver()
    this.#hooks.lost(envelopesAmong(lost))
  }

  /**
   * The child said goodbye: it was stopped and may be started again, so dialling goes on; or it has
   * another parent now, which this one does not fight, but sees when it goes.
   */
  #onClosed(reason: MachinesError): void {
    this.#sessionOver()
    if (this.#isEnding) return
    this.machine.childClosed(reason)
    const isReplaced = this.#seeReplaced(reason)
    const delayMs = isReplaced ? limits.redialDelayMsMax : limits.redialAfterCloseMs
    this.#cancelRedial = this.#system.setTimer(delayMs, () => this.start())
  }

  #sessionOver(): void {
    this.#reachability.gone()
    this.#hooks.sessionEnded()
  }

  #seeReplaced({ code }: MachinesError): boolean {
    if (code === 'DM_EPOCH_OLD') this.#hooks.replaced('later-start')
    else if (code === 'DM_PARENT_REPLACED') this.#hooks.replaced('another-parent')
    else return false
    return true
  }

  #onRefused(reason: MachinesError, refusal: Refusal): void {
    if (refusal.fatal) this.machine.refused(reason)
    this.#seeReplaced(reason)
    this.#hooks.refused(reason, refusal)
  }
}
