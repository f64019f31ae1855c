/**
 * The child's side of one link: reads what the parent says, carries it out by the handlers, and
 * reports back. Decides nothing about who the parent may be.
 */
import { MachinesError, toError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import type { Link, LinkEvents, LinkHealth } from '../../../link/link.js'
import type { Cancel, System } from '../../../system/system.js'
import type { InstanceStatus } from '../../local/fleet-types.js'
import {
  type ChildMessage,
  type ErrorReport,
  encodeControl,
  encodeEnvelopeMessage,
  type InstanceAction,
  LinkMessageKind,
  type ParentMessage,
} from '../control-messages.js'
import { parseParentMessage } from '../control-parser.js'

/** What the parent may ask for, carried out by the child. */
export interface SessionHandlers {
  apply(assignment: unknown): Promise<{
    readonly adopted: boolean
    readonly killTimeoutMs: number
    readonly started: Promise<void>
  }>
  status(): readonly InstanceStatus[]
  topology(wire: unknown): void
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
  ended(reason: MachinesError): void
}

export class ParentSession {
  readonly link: Link
  readonly #system: System
  readonly #handlers: SessionHandlers
  #isReachable = true
  #cancelOffline: Cancel = () => {}

  constructor(link: Link, system: System, handlers: SessionHandlers) {
    this.link = link
    this.#system = system
    this.#handlers = handlers
  }

  get isReachable(): boolean {
    return this.#isReachable
  }

  get events(): LinkEvents {
    const handlers = this.#handlers
    return {
      up: () => this.#setReachable(true),
      down: () => this.#onDown(),
      message: (bytes) => this.#onMessage(bytes),
      reset: (_reason, lost) => {
        this.#setReachable(false)
        const envelopes = lost.filter((bytes) => bytes[0] === LinkMessageKind.ENVELOPE)
        handlers.lost(envelopes.map((bytes) => bytes.subarray(1)))
      },
      closed: (reason) => {
        this.#setReachable(false)
        handlers.ended(reason)
      },
      health: (health) => handlers.health(health),
    }
  }

  tell(message: ChildMessage): void {
    this.link.send(encodeControl(message))
  }

  deliver(envelope: Uint8Array): boolean {
    return this.link.send(encodeEnvelopeMessage(envelope))
  }

  #onDown(): void {
    this.#cancelOffline()
    this.#cancelOffline = this.#system.setTimer(limits.linkOfflineAfterMs, () =>
      this.#setReachable(false),
    )
  }

  #setReachable(isReachable: boolean): void {
    this.#cancelOffline()
    if (this.#isReachable === isReachable) return
    this.#isReachable = isReachable
    if (!isReachable) this.#handlers.unreachable()
  }

  #onMessage(bytes: Uint8Array): void {
    if (bytes[0] === LinkMessageKind.ENVELOPE) this.#handlers.envelope(bytes.subarray(1))
    else {
      const message = parseParentMessage(bytes)
      if (message) void this.#carryOut(message)
    }
  }

  async #carryOut(message: ParentMessage): Promise<void> {
    switch (message.op) {
      case 'assign':
        await this.#assign(message.revision, message.assignment)
        break
      case 'topology':
        this.#handlers.topology(message.topology)
        break
      case 'instance':
        await this.#control(message)
        break
      case 'stop':
        await this.#handlers.stop(message.reason)
        this.tell({ op: 'stopped' })
        this.#handlers.dismissed()
        break
    }
  }

  async #assign(revision: number, assignment: unknown): Promise<void> {
    try {
      const { adopted, killTimeoutMs, started } = await this.#handlers.apply(assignment)
      const instances = this.#handlers.status()
      this.tell({ op: 'accepted', revision, adopted, killTimeoutMs, instances })
      await this.#reportStart(revision, started)
    } catch (error) {
      this.tell({ op: 'refused', revision, error: reportOf(error) })
    }
  }

  async #reportStart(revision: number, started: Promise<void>): Promise<void> {
    try {
      await started
      this.tell({ op: 'started', revision })
    } catch (error) {
      const single = error instanceof MachinesError ? (error.failures ?? [error]) : [error]
      this.tell({ op: 'failed', revision, failures: single.map(failureOf) })
    }
  }

  async #control(message: Extract<ParentMessage, { op: 'instance' }>): Promise<void> {
    const { call, action, instance } = message
    try {
      await this.#handlers.control(action, instance)
      this.tell({ op: 'instance-done', call })
    } catch (error) {
      this.tell({ op: 'instance-done', call, error: reportOf(error) })
    }
  }
}

function reportOf(thrown: unknown): ErrorReport {
  if (thrown instanceof MachinesError) return { code: thrown.code, message: thrown.message }
  return { code: 'DM_INTERNAL', message: toError(thrown).message }
}

function failureOf(thrown: unknown): ErrorReport & { readonly instance?: number } {
  const instance = thrown instanceof MachinesError ? thrown.instance : undefined
  return { ...reportOf(thrown), ...(instance === undefined ? {} : { instance }) }
}
