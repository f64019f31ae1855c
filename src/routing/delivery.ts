/** Hands envelopes to their next hops, and answers for those that cannot be reached. */
import { listToRanges } from '../allocator/shard-lists.js'
import type { ErrorCode } from '../errors.js'
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import type { System } from '../system/system.js'
import type { Endpoint } from './endpoint.js'
import { isInstance, machineIndexOf, parentEndpoint } from './endpoint.js'
import type { EnvelopeHeader } from './envelope.js'
import { EnvelopeKind, Status, Verb } from './envelope.js'
import { retarget, withSource } from './envelope-codec.js'
import { HandedCalls } from './handed-calls.js'
import type { Arrival, NextHopOptions, NextHops } from './next-hops.js'
import { type OriginCall, OriginCalls } from './origin-calls.js'
import type { RouterDrops } from './router-drops.js'
import type { CallKey } from './router-reports.js'
import { answerFor, expectReport, undeliveredReport } from './router-reports.js'
import type { Port, Taken } from './router-types.js'
import type { Topology } from './topology.js'

export interface DeliveryOptions extends NextHopOptions {
  readonly clock: Pick<System, 'now'>
  /** Whether instances of this machine take EVAL from other machines. Default true. */
  readonly acceptRemoteEval?: boolean
  /** Called when something with a deadline was added: `tick` is needed from now on. */
  readonly onWaiting?: () => void
  /** Takes what is for the manager of all; only its own router has this. */
  readonly onMail?: (envelope: Uint8Array, header: EnvelopeHeader) => void
}

export class Delivery {
  readonly origin: OriginCalls = new OriginCalls()
  readonly handed: HandedCalls = new HandedCalls()
  readonly #options: DeliveryOptions
  readonly #drops: RouterDrops
  readonly #hops: NextHops

  constructor(options: DeliveryOptions, hops: NextHops, drops: RouterDrops) {
    this.#options = options
    this.#hops = hops
    this.#drops = drops
  }

  /** Sends a SEND or REQUEST to instances, one copy per next hop, and reports who is out of reach. */
  spread(
    topology: Topology,
    header: EnvelopeHeader,
    bytes: Uint8Array,
    ids: readonly number[],
    arrival: Arrival,
  ): void {
    const { local, remote, unreached } = this.#hops.sort(topology, ids, arrival)
    for (const [port, group] of remote) {
      // What came from a link and goes on as a whole needs no other target, and so no copy.
      const isWhole = arrival !== 'here' && group.length === ids.length
      const taken = isWhole ? port(bytes) : this.#narrow(header, bytes, group, port)
      if (taken === 'full') this.reportUnreached(header, group, 'full')
      else if (!taken) for (const id of group) unreached.push(id)
    }
    if (local.length > 0) this.#handOver(topology, header, bytes, local, arrival, unreached)
    if (unreached.length > 0) this.reportUnreached(header, unreached)
  }

  /** OFFLINE answers for a REQUEST, one UNDELIVERED for a SEND. */
  reportUnreached(
    header: EnvelopeHeader,
    ids: readonly number[],
    why: keyof typeof unreachedFor = 'offline',
  ): void {
    const { code, what } = unreachedFor[why]
    if (header.kind === EnvelopeKind.REQUEST) {
      for (const id of ids) this.#answer(callOf(header), id, Status.OFFLINE, code, what)
      return
    }
    const reason = new MachinesError(code, `some instances were not reached: each ${what}`)
    this.reportUndelivered(header, ids, reason)
  }

  reportUndelivered(header: EnvelopeHeader, ids: readonly number[], reason: MachinesError): void {
    const report = undeliveredReport(callOf(header), this.#options.self, ids, reason)
    this.#toEndpoint(header.source, report)
  }

  /** Tells the machine behind a link that it cannot speak for an instance: the plan has it elsewhere. */
  disown(header: EnvelopeHeader, ids: readonly number[], link: number): void {
    const call = callOf(header)
    const why = `instance ${header.source} belongs to another machine than the one that it asked from`
    const reports =
      header.kind === EnvelopeKind.REQUEST
        ? ids.map((id) => answerFor(call, id, Status.OFFLINE, 'DM_OFFLINE', why))
        : [undeliveredReport(call, this.#options.self, ids, new MachinesError('DM_OFFLINE', why))]
    for (const report of reports) {
      if (this.#hops.postBack(link, report) !== true) this.#drops.count('unreachable')
    }
  }

  answerOffline(call: CallKey, instance: number, what: string): void {
    this.#answer(call, instance, Status.OFFLINE, 'DM_OFFLINE', what)
  }

  answerTimeout(call: CallKey, instance: number): void {
    this.#answer(call, instance, Status.TIMEOUT, 'DM_TIMEOUT', 'did not answer before the deadline')
  }

  /** Takes a SEND for the manager of all to it, or one hop nearer. */
  sendToManager(header: EnvelopeHeader, bytes: Uint8Array): void {
    const { onMail, hops } = this.#options
    const envelope = withSource(bytes, header.source)
    if (onMail !== undefined) {
      onMail(envelope, header)
      return
    }
    const taken = hops.manager(parentEndpoint)?.(envelope) ?? false
    if (taken !== true) this.reportManagerUnreached(header, taken === 'full' ? 'full' : 'offline')
  }

  reportManagerUnreached(header: EnvelopeHeader, why: keyof typeof unreachedFor): void {
    const { code } = unreachedFor[why]
    const what =
      why === 'full' ? 'too much waits on the link to it already' : 'it cannot be reached'
    const reason = new MachinesError(code, `the parent manager did not get a message: ${what}`)
    this.reportUndelivered(header, [], reason)
  }

  /** Takes a RESPONSE or UNDELIVERED one hop nearer to whoever it is for. */
  forward(header: EnvelopeHeader, bytes: Uint8Array, arrival: Arrival): void {
    if (header.target.kind !== 'endpoint') return
    const { endpoint } = header.target
    const { kind, requestId, verb, source, questions } = header
    const answer = { asker: endpoint, requestId, verb, questions }
    if (kind === EnvelopeKind.RESPONSE && !this.#counts(answer, source)) {
      this.#drops.count('late')
      return
    }
    if (this.#post(endpoint, bytes, arrival) !== 'full') return
    if (kind !== EnvelopeKind.RESPONSE) this.#drops.count('unreachable')
    else this.#toEndpoint(endpoint, answerTooLarge(answer, source))
  }

  /** Reports of this router to an asker of this machine. */
  tell(asker: Endpoint, report: Uint8Array): void {
    this.#toEndpoint(asker, report)
  }

  /** An asker has to know whom it waits for before it gets an answer. */
  tellExpected(call: OriginCall): void {
    const { untold } = call
    if (untold === undefined) return
    call.untold = undefined
    this.#toEndpoint(call.asker, expectReport(call, untold))
  }

  #answer(call: CallKey, instance: number, status: Status, code: ErrorCode, what: string): void {
    const machine = this.#hops.topology?.nameOf(instance).machine ?? ''
    const why = `instance ${instance} on ${machine || 'an unknown machine'} ${what}`
    if (!this.#counts(call, instance)) return
    this.#toEndpoint(call.asker, answerFor(call, instance, status, code, why))
  }

  /** Sends a copy for these instances alone. */
  #narrow(header: EnvelopeHeader, bytes: Uint8Array, ids: readonly number[], port: Port): Taken {
    const ranges = listToRanges(ids)
    if (ranges.length > limits.envelopeTargetsMax) return false
    return port(retarget(bytes, { kind: 'instances', ranges }, header.source))
  }

  /** The last hop: hands an envelope to instances of this machine and remembers what they owe. */
  #handOver(
    topology: Topology,
    header: EnvelopeHeader,
    bytes: Uint8Array,
    ids: readonly number[],
    arrival: Arrival,
    unreached: number[],
  ): void {
    const call = callOf(header)
    if (runsCode(header) && arrival !== 'here' && this.#options.acceptRemoteEval === false) {
      for (const id of ids) {
        this.#answer(call, id, Status.ERROR, 'DM_EVAL_REFUSED', 'takes no eval from other machines')
      }
      return
    }
    const machine = machineNameOf(topology, header.source)
    const copy = retarget(bytes, { kind: 'delivered', machine }, header.source)
    const asks = header.kind === EnvelopeKind.REQUEST
    const deadline = this.#options.clock.now() + header.budgetMs
    const { asker, requestId, verb, questions } = call
    for (const instance of ids) {
      // Field by field: spread from the call, it made a lone call over two machines 6% slower.
      const open = questions
      if (
        asks &&
        !this.handed.add({ asker, requestId, verb, questions, instance, deadline, open })
      ) {
        this.#answer(
          call,
          instance,
          Status.ERROR,
          'DM_PENDING_LIMIT',
          'has too many calls to answer',
        )
        continue
      }
      if (this.#options.hops.local(instance)?.(copy) === true) continue
      if (!asks || this.handed.settle(instance, asker, requestId, questions))
        unreached.push(instance)
    }
    if (asks) this.#options.onWaiting?.()
  }

  /** What this router says itself. */
  #toEndpoint(endpoint: Endpoint, bytes: Uint8Array): void {
    if (this.#post(endpoint, bytes, 'here') === 'full') this.#drops.count('unreachable')
  }

  /** Counts what is out of reach; what is only full is the caller's to deal with. */
  #post(endpoint: Endpoint, bytes: Uint8Array, arrival: Arrival): Taken {
    const taken = this.#hops.post(endpoint, bytes, arrival)
    if (taken === false) this.#drops.count('unreachable')
    return taken
  }

  /**
   * Whether an answer is to be passed on. The asker's own router, and it alone, knows: there the first
   * one of each instance to a question counts, until the deadline. It may also be of an asker that runs
   * here while the plan has it on another machine already.
   */
  #counts({ asker, requestId, questions }: CallKey, instance: number): boolean {
    const call = this.origin.find(asker, requestId)
    if (call === undefined) return !this.#hops.isHere(asker)
    if (!this.origin.settle(call, instance, questions)) return false
    this.tellExpected(call)
    return true
  }
}

/** Why an instance did not get something, as its own outcome says. */
const unreachedFor = {
  offline: { code: 'DM_OFFLINE', what: 'cannot be reached' },
  full: {
    code: 'DM_LINK_BACKLOG',
    what: 'was not sent to, because too much waits on the link to its machine already',
  },
} as const

/** Stands in for an answer that found no room on its way: small enough to find some. */
function answerTooLarge(call: CallKey, instance: number): Uint8Array {
  const why = `instance ${instance} has answered, but too much waits on the link that the answer takes`
  return answerFor(call, instance, Status.OFFLINE, 'DM_LINK_BACKLOG', why)
}

function runsCode({ verb }: EnvelopeHeader): boolean {
  return verb === Verb.EVAL || verb === Verb.EVAL_DIALECT
}

export function callOf({ source, requestId, verb, questions }: EnvelopeHeader): CallKey {
  return { asker: source, requestId, verb, questions }
}

/** Empty for the parent, which is no machine. */
function machineNameOf(topology: Topology, source: Endpoint): string {
  if (isInstance(source)) return topology.nameOf(source).machine
  const index = machineIndexOf(source)
  return index === undefined ? '' : topology.machineName(index)
}
