/**
 * The child's side of one link: reads what the parent says, carries it out by the handlers, and
 * reports back. Decides nothing about who the parent may be.
 */
import { MachinesError } from '../../../errors.js'
import type { Link, LinkEvents, LinkHealth, Peer } from '../../../link/link.js'
import type { Taken } from '../../../routing/router-types.js'
import type { System } from '../../../system/system.js'
import type { InstanceEvent } from '../../local/fleet-types.js'
import type {
  AssignmentSource,
  ErrorReport,
  InstanceAction,
  LeaseRequest,
  LeaseTerms,
  ParentMessage,
} from '../control-messages.js'
import { ControlOutbox } from '../control-outbox.js'
import { parseParentMessage } from '../control-parser.js'
import {
  envelopesAmong,
  MessageFaults,
  type MessageReader,
  readLinkMessage,
} from '../link-messages.js'
import { postEnvelope } from '../post-envelope.js'
import { Reachability } from '../reachability.js'
import { reportOf } from '../reported-error.js'
import type { Progress } from './child-workload.js'
import type { RunningReport } from './running-report.js'
import { isOvertaken } from './start-watch.js'

/** What the parent may ask for, carried out by the child. */
export interface SessionHandlers {
  /** See ChildWorkload.report; nothing else is said to the parent before. */
  began(tell: (report: RunningReport) => void): void
  /** See ChildWorkload.apply. `lease`: by which the assignment runs; null: without. */
  apply(
    assignment: unknown,
    source: AssignmentSource,
    lease: LeaseTerms | null,
    progress: Omit<Progress, 'taken'>,
  ): Promise<void>
  /** The link is up; `isNew`: the session was not resumed. */
  linked(isNew: boolean): void
  unlinked(): void
  /** The parent grants this lease request. */
  granted(n: number): void
  /** Throws DM_TOPOLOGY_INVALID. */
  topology(wire: unknown): void
  /** What has changed in it. Throws DM_TOPOLOGY_INVALID. */
  patchTopology(wire: unknown): void
  control(action: InstanceAction, instance: number): Promise<void>
  stop(reason: string): Promise<void>
  /** All instances were stopped and the parent knows. */
  dismissed(): void
  envelope(envelope: Uint8Array): void
  /** Envelopes that the parent never got. */
  lost(envelopes: readonly Uint8Array[]): void
  /** The parent cannot be reached for a while already, or for good. */
  unreachable(): void
  health(health: LinkHealth): void
  warning(error: MachinesError): void
  ended(reason: MachinesError): void
}

export class ParentSession {
  readonly link: Link
  readonly #handlers: SessionHandlers
  readonly #outbox: ControlOutbox
  readonly #faults: MessageFaults
  readonly #reachability: Reachability
  readonly #reader: MessageReader<ParentMessage>
  /** Instance events are told from the acceptance of this session's assignment on. */
  #isAccepted = false
  #isReplaced = false
  /** The source of the last assignment of this session. */
  #heard: AssignmentSource | undefined

  constructor(link: Link, system: System, handlers: SessionHandlers) {
    this.link = link
    this.#handlers = handlers
    const onWarning = (error: MachinesError) => handlers.warning(error)
    this.#outbox = new ControlOutbox('the parent', () => link, onWarning)
    this.#faults = new MessageFaults('the parent', onWarning)
    this.#reachability = new Reachability(system, (isReachable) => {
      if (!isReachable) handlers.unreachable()
    })
    this.#reader = {
      parse: parseParentMessage,
      control: (message) => this.#carryOut(message),
      envelope: (envelope) => handlers.envelope(envelope),
    }
  }

  get isReachable(): boolean {
    return this.#reachability.isReachable
  }

  get events(): LinkEvents {
    const handlers = this.#handlers
    return {
      up: ({ resumed }) => this.#onUp(resumed),
      down: () => {
        this.#reachability.down()
        handlers.unlinked()
      },
      message: (bytes) => this.#onMessage(bytes),
      reset: (_reason, lost) => {
        this.#reachability.gone()
        handlers.unlinked()
        handlers.lost(envelopesAmong(lost))
      },
      closed: (reason) => {
        this.#reachability.gone()
        handlers.unlinked()
        handlers.ended(reason)
      },
      health: (health) => handlers.health(health),
    }
  }

  /**
   * What runs now: the first thing that a session says, and said again when a lease has ended. It
   * names the last assignment that was heard, so that the parent knows which ones are still to come.
   */
  tellRunning(report: RunningReport): void {
    this.#outbox.tell({ op: 'running', ...report, source: this.#heard ?? report.source })
  }

  /** Asks that the lease go on. */
  askLease(request: LeaseRequest): void {
    this.#outbox.tell({ op: 'lease', ...request })
  }

  /**
   * Another parent, or another start of this one, has taken over: nothing that this one still says counts. If it could resume its
   * link there would be two, so the link is closed.
   */
  replaced(by: Pick<Peer, 'key'>): void {
    this.#isReplaced = true
    if (by.key === this.link.peer?.key) {
      void this.link.close('DM_EPOCH_OLD', 'a later start of this parent is here')
      return
    }
    const reason = 'another parent, started later, has taken this machine over'
    void this.link.close('DM_PARENT_REPLACED', reason)
  }

  happened(event: InstanceEvent): void {
    if (this.#isAccepted) this.#outbox.tell({ op: 'event', event })
  }

  deliver(envelope: Uint8Array): Taken {
    return postEnvelope(this.link, envelope)
  }

  /** A session that was resumed goes on where it was. */
  #onUp(resumed: boolean): void {
    if (!resumed) this.#handlers.began((report) => this.tellRunning(report))
    this.#reachability.up()
    this.#handlers.linked(!resumed)
  }

  #onMessage(bytes: Uint8Array): void {
    if (!this.#isReplaced) readLinkMessage(bytes, this.#reader, this.#faults)
  }

  #carryOut(message: ParentMessage): void {
    switch (message.op) {
      case 'assign':
        void this.#assign(message)
        break
      case 'lease':
        this.#handlers.granted(message.n)
        break
      case 'round':
        this.#outbox.tell(message)
        break
      case 'topology':
        this.#takeTopology(() => this.#handlers.topology(message.topology))
        break
      case 'topology-patch':
        this.#takeTopology(() => this.#handlers.patchTopology(message.patch))
        break
      case 'instance':
        void this.#control(message)
        break
      case 'stop':
        void this.#stop(message.reason)
        break
    }
  }

  async #assign(message: Extract<ParentMessage, { op: 'assign' }>): Promise<void> {
    const { parent, epoch, revision, lease, assignment } = message
    this.#heard = { parent, epoch, revision }
    let isAccepted = false
    try {
      this.#refuseUnproven(parent)
      await this.#handlers.apply(assignment, { parent, epoch, revision }, lease, {
        accepted: (acceptance) => {
          isAccepted = true
          this.#isAccepted = true
          this.#outbox.tell({ op: 'accepted', revision, ...acceptance })
        },
        released: () => this.#outbox.tell({ op: 'released', revision }),
      })
      this.#outbox.tell({ op: 'started', revision })
    } catch (error) {
      // The parent need not hear of it: what has overtaken the start tells it more.
      if (isOvertaken(error)) return
      if (isAccepted) this.#outbox.tell({ op: 'failed', revision, failures: failuresOf(error) })
      else this.#outbox.tell({ op: 'refused', revision, error: reportOf(error) })
    }
  }

  /** Nobody speaks for another parent than the one that the handshake has proven it is. */
  #refuseUnproven(parent: string): void {
    if (parent === this.link.peer?.key) return
    const message = 'the assignment is in the name of another parent than the one that is linked'
    const error = new MachinesError('DM_ASSIGNMENT_REFUSED', message)
    this.#handlers.warning(error)
    throw error
  }

  #takeTopology(take: () => void): void {
    try {
      take()
    } catch (error) {
      this.#faults.add(reportOf(error).message, error)
    }
  }

  async #control(message: Extract<ParentMessage, { op: 'instance' }>): Promise<void> {
    const { call, action, instance } = message
    try {
      await this.#handlers.control(action, instance)
      this.#outbox.tell({ op: 'instance-done', call })
    } catch (error) {
      this.#outbox.tell({ op: 'instance-done', call, error: reportOf(error) })
    }
  }

  async #stop(reason: string): Promise<void> {
    try {
      await this.#handlers.stop(reason)
    } catch (cause) {
      // Without its word the parent says by itself that it does not know what still runs.
      const message = `the stop that the parent asked for failed: ${reportOf(cause).message}`
      this.#handlers.warning(new MachinesError('DM_INTERNAL', message, { cause }))
      return
    }
    // Whoever has taken over meanwhile has not said that this manager is to go.
    if (this.#isReplaced) return
    this.#outbox.tell({ op: 'stopped' })
    this.#handlers.dismissed()
  }
}

function failuresOf(thrown: unknown): (ErrorReport & { readonly instance?: number })[] {
  const all = thrown instanceof MachinesError ? (thrown.failures ?? [thrown]) : [thrown]
  return all.map((failure) => {
    const instance = failure instanceof MachinesError ? failure.instance : undefined
    return { ...reportOf(failure), ...(instance === undefined ? {} : { instance }) }
  })
}
