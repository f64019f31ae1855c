/**
 * The asking side, in bots and managers alike: sends messages and calls to its own router, and turns
 * what comes back into outcomes.
 *
 * The router names everybody who will be asked (EXPECT) right before the first answer, or soon if none
 * comes, and makes an answer for whoever gives none. Only when the router itself is gone does a deadline of this side's own
 * take over, limits.requestBackstopMs later.
 */
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import type { System } from '../system/system.js'
import { AnswerOutcomes } from './answer-outcomes.js'
import { DeadlineWheel } from './deadline-wheel.js'
import type { Endpoint } from './endpoint.js'
import type { EnvelopeHeader } from './envelope.js'
import { EnvelopeKind, Status, Verb } from './envelope.js'
import { bodyOf, decodeHeader, encodeEnvelope } from './envelope-codec.js'
import { decodeError } from './error-body.js'
import { type CallTerms, GatheredCall } from './gathered-call.js'
import { KnownNames } from './known-names.js'
import type { Outcome } from './outcome.js'
import { PendingCall } from './pending-call.js'
import { noQuestions } from './questions.js'
import { decodeUndelivered } from './report-bodies.js'
import type { ResolvedTarget } from './resolved-target.js'
import type { Undelivered } from './router-types.js'

export interface RequesterOptions {
  /** Who asks. Routers overwrite it with what they know. */
  readonly self: Endpoint
  /** To the router of this machine. */
  readonly send: (envelope: Uint8Array) => boolean
  readonly clock: Pick<System, 'now'>
  /**
   * Where request ids begin. Random, so that an answer meant for an earlier life of this instance
   * is not taken for one to this life's call.
   */
  readonly firstId: number
  /** Deadline of calls that bring none, ms. */
  readonly timeoutMs: number
  /** A message did not arrive; called in a later turn than the `send` it is about. */
  readonly onUndelivered: (report: Undelivered) => void
  /** Called when a call waits: `tick` is needed from now on. */
  readonly onWaiting?: () => void
  /**
   * Runs something at the end of this turn; what is asked until then of the same instances, with the
   * same deadline, travels together. Without it, each call is sent at once.
   */
  readonly later?: (run: () => void) => void
}

const idCount = 2 ** 32

/** Where the request ids of a life begin; see {@link RequesterOptions.firstId}. */
export function randomRequestId(system: Pick<System, 'random'>): number {
  return Math.floor(system.random() * idCount)
}

export class Requester {
  readonly #options: RequesterOptions
  readonly #pending = new Map<number, PendingCall>()
  readonly #wheel = new DeadlineWheel<PendingCall>()
  readonly #names = new KnownNames()
  /** What waits for the end of the turn. */
  #gathered: GatheredCall | undefined
  /** Questions without an end, of all calls. */
  #open = 0
  #nextId: number
  #stopped: MachinesError | undefined

  constructor(options: RequesterOptions) {
    this.#options = options
    this.#nextId = options.firstId % idCount
  }

  /** Calls that wait for an answer. */
  get pending(): number {
    return this.#open
  }

  /**
   * Sends a one-way message and returns the id that a report of not being delivered would name.
   *
   * Throws DM_STOPPED after stop(). A manager that is gone is reported as undelivered, too.
   */
  send(target: ResolvedTarget, body: Uint8Array, verb: Verb = Verb.MESSAGE): number {
    if (this.#stopped !== undefined) throw this.#stopped
    // What was asked before arrives before.
    this.flush()
    const messageId = this.#takeId()
    const { self: source, send } = this.#options
    const kind = EnvelopeKind.SEND
    const rest = {
      status: Status.NONE,
      requestId: messageId,
      source,
      budgetMs: 0,
      questions: noQuestions,
    }
    if (!send(encodeEnvelope({ kind, verb, target, ...rest }, body))) {
      const report = { messageId, instances: [], reason: managerLost() }
      queueMicrotask(() => this.#options.onUndelivered(report))
    }
    return messageId
  }

  /**
   * Asks every instance of a target; resolves with one outcome of each, by ascending instance id.
   *
   * Rejects with DM_TARGET_UNKNOWN or DM_TARGET_INVALID when the target cannot be resolved,
   * DM_PENDING_LIMIT beyond limits.pendingRequestsMax, DM_MANAGER_LOST when the router is gone,
   * DM_TIMEOUT when it says nothing, DM_STOPPED once stop() was called. What becomes of single
   * instances never rejects.
   */
  call(
    target: ResolvedTarget,
    verb: Verb,
    body: Uint8Array,
    timeoutMs: number = this.#options.timeoutMs,
  ): Promise<Outcome[]> {
    return new Promise((resolve, reject) => {
      const budgetMs = this.#admit(timeoutMs)
      const gathered = this.#gather({ verb, target, budgetMs }, body.length)
      gathered.ask(body, { resolve, reject })
      this.#open += 1
      if (gathered.isFull || this.#options.later === undefined) this.flush()
    })
  }

  /** Sends what was asked in this turn and waits for company. */
  flush(): void {
    const gathered = this.#gathered
    if (gathered === undefined) return
    this.#gathered = undefined
    const { call } = gathered
    this.#change(call, () => {
      const { self, send } = this.#options
      if (!send(gathered.envelope(self))) call.fail(managerLost())
    })
  }

  /**
   * Takes a RESPONSE, EXPECT, FAULT or UNDELIVERED; false when it is none that is waited for. Throws
   * DM_ENVELOPE_INVALID when no header is given and the envelope has none that makes sense.
   */
  receive(envelope: Uint8Array, header: EnvelopeHeader = decodeHeader(envelope)): boolean {
    const body = bodyOf(envelope)
    if (header.kind === EnvelopeKind.UNDELIVERED) {
      const report = decodeUndelivered(header.requestId, body)
      queueMicrotask(() => this.#options.onUndelivered(report))
      return true
    }
    const call = this.#pending.get(header.requestId)
    if (call === undefined) return false
    switch (header.kind) {
      case EnvelopeKind.EXPECT:
        this.#change(call, () => call.expect(this.#names.read(body)))
        return true
      case EnvelopeKind.FAULT:
        this.#change(call, () => call.fail(decodeError(body)))
        return true
      case EnvelopeKind.RESPONSE:
        this.#change(call, () => this.#answer(call, header, body))
        return true
      default:
        return false
    }
  }

  /** Ends calls whose router stayed silent. Returns whether others wait. */
  tick(now: number): boolean {
    for (const call of this.#wheel.expired(now)) this.#change(call, () => call.giveUp())
    return this.#wheel.size > 0
  }

  /** Ends every pending call and refuses new ones, with DM_STOPPED unless another reason is given. */
  stop(
    reason: MachinesError = new MachinesError('DM_STOPPED', 'this side is stopping: no calls'),
  ): void {
    this.#stopped ??= reason
    this.#gathered = undefined
    for (const call of this.#pending.values()) this.#change(call, () => call.fail(reason))
  }

  /** The budget of one call more, in whole ms; throws where there can be none. */
  #admit(timeoutMs: number): number {
    if (this.#stopped !== undefined) throw this.#stopped
    const budgetMs = checkTimeout(timeoutMs)
    const most = limits.pendingRequestsMax
    if (this.#open < most) return budgetMs
    throw new MachinesError('DM_PENDING_LIMIT', `${most} calls wait for an answer already`)
  }

  /** The call that a question goes with: one of this turn on the same terms, or a new one. */
  #gather(terms: CallTerms, bodyBytes: number): GatheredCall {
    if (this.#gathered?.takes(terms, bodyBytes)) return this.#gathered
    // Questions to different instances leave in the order in which they were asked.
    this.flush()
    const { clock, onWaiting, later } = this.#options
    const deadline = clock.now() + terms.budgetMs + limits.requestBackstopMs
    const call = new PendingCall(this.#takeId(), deadline)
    // Before it is sent: a router in this very process answers within the call to its port.
    this.#pending.set(call.requestId, call)
    this.#wheel.add(call)
    onWaiting?.()
    this.#gathered = new GatheredCall(call, terms)
    later?.(() => this.flush())
    return this.#gathered
  }

  #answer(
    call: PendingCall,
    { source, questions, status }: EnvelopeHeader,
    body: Uint8Array,
  ): void {
    const outcomes = new AnswerOutcomes(questions, status, body)
    call.answer(source, questions, (name, nth) => outcomes.of(name, nth))
  }

  /** Something happens to a call, after which it may be over. */
  #change(call: PendingCall, change: () => void): void {
    try {
      change()
    } catch (error) {
      call.fail(
        error instanceof MachinesError
          ? error
          : new MachinesError('DM_INTERNAL', 'an answer could not be taken', { cause: error }),
      )
    }
    this.#open -= call.takeEnded()
    if (!call.isOver) return
    this.#wheel.remove(call)
    this.#pending.delete(call.requestId)
  }

  #takeId(): number {
    // More ids than pending calls exist, so this ends.
    while (this.#pending.has(this.#nextId)) this.#nextId = (this.#nextId + 1) % idCount
    const id = this.#nextId
    this.#nextId = (id + 1) % idCount
    return id
  }
}

function checkTimeout(timeoutMs: number): number {
  if (Number.isFinite(timeoutMs) && timeoutMs >= 1 && timeoutMs <= limits.timeoutMsMax) {
    return Math.ceil(timeoutMs)
  }
  const allowed = `a number of ms from 1 to ${limits.timeoutMsMax}`
  const given = String(timeoutMs).slice(0, 40)
  throw new MachinesError('DM_OPTION_VALUE', `timeoutMs: ${given}; allowed: ${allowed}`, {
    path: 'timeoutMs',
    given,
    allowed,
  })
}

function managerLost(): MachinesError {
  return new MachinesError(
    'DM_MANAGER_LOST',
    'the manager is gone, or does not read what it is sent',
  )
}
