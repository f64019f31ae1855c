/**
 * The router of one manager: takes envelopes from its instances, its links and its own requester,
 * and sends each to its next hop.
 *
 * For calls asked on its machine it is the *origin*: it resolves the target, tells the asker whom to
 * expect, and sees to it that each of them has exactly one outcome, by timeout or offline if need
 * be. For its own instances it is the *last hop*: it answers for those that exit. In between it
 * forwards by header and keeps nothing. It knows neither links nor fleets, only {@link Hops}, and
 * holds no envelope: what arrives leaves within the same call, so budgets pass on unchanged.
 */
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import { CallEnds } from './call-ends.js'
import type { DeliveryOptions } from './delivery.js'
import { callOf, Delivery } from './delivery.js'
import { type Endpoint, isInstance } from './endpoint.js'
import type { EnvelopeHeader } from './envelope.js'
import { EnvelopeKind } from './envelope.js'
import { decodeHeader, withSource } from './envelope-codec.js'
import { NameBodies } from './name-bodies.js'
import { type LinkName, NextHops } from './next-hops.js'
import type { DropCounts } from './router-drops.js'
import { RouterDrops } from './router-drops.js'
import { expectReport, faultReport } from './router-reports.js'
import type { Topology } from './topology.js'

export type RouterOptions = DeliveryOptions

export class Router {
  readonly #options: RouterOptions
  readonly #drops = new RouterDrops()
  readonly #names = new NameBodies()
  readonly #hops: NextHops
  readonly #delivery: Delivery
  readonly #ends: CallEnds

  constructor(options: RouterOptions) {
    this.#options = options
    this.#hops = new NextHops(options)
    this.#delivery = new Delivery(options, this.#hops, this.#drops)
    this.#ends = new CallEnds(options.machine, this.#hops, this.#delivery)
  }

  /** What was dropped so far, by reason. */
  get drops(): DropCounts {
    return this.#drops.snapshot()
  }

  /**
   * Takes a new snapshot. Calls to machines that are newly out of reach end as `offline`, and so do
   * those to and from instances that belong to another machine now.
   */
  setTopology(topology: Topology): void {
    const former = this.#hops.topology
    this.#hops.topology = topology
    if (former !== undefined) this.#ends.moved(former, topology)
    for (const index of topology.machineIndexes) {
      // Whatever others think of this machine, its own instances are right here.
      if (index === this.#options.machine) continue
      if (former?.isUp(index) && !topology.isUp(index)) this.machineLost(index)
    }
  }

  /** From an instance of this machine. What it says about its own identity is overwritten. */
  fromLocal(instance: number, envelope: Uint8Array): void {
    const header = this.#open(envelope)
    if (header === undefined) return
    if (header.kind === EnvelopeKind.SEND || header.kind === EnvelopeKind.REQUEST) {
      this.#originate(sentBy(instance, header), envelope)
    } else if (header.kind === EnvelopeKind.RESPONSE && header.target.kind === 'endpoint') {
      // Only what was handed to this very instance can be answered by it, and only once.
      const { target, requestId, questions } = header
      if (this.#delivery.handed.settle(instance, target.endpoint, requestId, questions)) {
        const answer = withSource(envelope, instance)
        this.#delivery.forward(sentBy(instance, header), answer, 'here')
      } else this.#drops.count('late')
    } else this.#drops.count('forbidden')
  }

  /** From the requester of this very manager. */
  fromSelf(envelope: Uint8Array): void {
    const header = this.#open(envelope)
    if (header === undefined) return
    if (header.kind === EnvelopeKind.SEND || header.kind === EnvelopeKind.REQUEST) {
      this.#originate(sentBy(this.#options.self, header), envelope)
    } else this.#drops.count('forbidden')
  }

  /**
   * From a link. Envelopes whose source does not run behind it are dropped and counted; where that is
   * an instance, its machine is told so, as it may have been moved since and still wait there.
   */
  fromLink(envelope: Uint8Array, link: LinkName): void {
    const header = this.#open(envelope)
    if (header === undefined) return
    if (!this.#hops.runsBehind(header.source, link)) {
      this.#drops.count('spoofed')
      this.#disown(header, link)
      return
    }
    if (header.kind === EnvelopeKind.RESPONSE || header.kind === EnvelopeKind.UNDELIVERED) {
      this.#delivery.forward(header, envelope, link)
    } else if (header.kind === EnvelopeKind.SEND || header.kind === EnvelopeKind.REQUEST) {
      this.#pass(header, envelope, link)
    } else this.#drops.count('forbidden')
  }

  /**
   * A port had taken this envelope, and it is certain now that it never arrived (a link that could
   * not be resumed): reported as if the port had refused it.
   */
  notDelivered(envelope: Uint8Array): void {
    const header = this.#open(envelope)
    if (header === undefined) return
    if (header.target.kind === 'manager') {
      this.#delivery.reportManagerUnreached(header, 'offline')
      return
    }
    const ids = this.#narrowed(header)
    if (ids === undefined) this.#drops.count('unreachable')
    else this.#delivery.reportUnreached(header, ids)
  }

  /** An instance of this machine has exited: what it owed ends as `offline`, what it asked is moot. */
  instanceGone(instance: number): void {
    this.#ends.instanceGone(instance)
  }

  /** A machine cannot be reached any more; `'parent'`: every machine but this one. */
  machineLost(machine: LinkName): void {
    this.#ends.machineLost(machine)
  }

  /** Ends calls whose deadline has passed. Returns whether others wait, so that a timer may rest. */
  tick(now: number): boolean {
    return this.#ends.deadlines(now)
  }

  #open(envelope: Uint8Array): EnvelopeHeader | undefined {
    try {
      return decodeHeader(envelope)
    } catch {
      this.#drops.count('invalid')
      return undefined
    }
  }

  /** A message or call of this machine enters the network. */
  #originate(header: EnvelopeHeader, envelope: Uint8Array): void {
    if (header.target.kind === 'manager') {
      this.#delivery.sendToManager(header, envelope)
      return
    }
    if (header.kind === EnvelopeKind.REQUEST && this.#isOpen(header)) {
      this.#drops.count('duplicate')
      return
    }
    try {
      const topology = this.#topology()
      const ids = topology.resolve(header.target)
      if (header.kind === EnvelopeKind.REQUEST) this.#expect(topology, header, ids)
      this.#delivery.spread(topology, header, envelope, ids, 'here')
    } catch (error) {
      if (!(error instanceof MachinesError)) throw error
      if (header.kind === EnvelopeKind.SEND) this.#delivery.reportUndelivered(header, [], error)
      else this.#delivery.tell(header.source, faultReport(callOf(header), error))
    }
  }

  #isOpen({ source, requestId }: EnvelopeHeader): boolean {
    return this.#delivery.origin.find(source, requestId) !== undefined
  }

  #topology(): Topology {
    const { topology } = this.#hops
    if (topology !== undefined) return topology
    throw new MachinesError(
      'DM_OFFLINE',
      'this machine was given no plan yet: nobody can be reached',
    )
  }

  /** Remembers whom a call waits for. The asker is told with the first answer, or by the next tick. */
  #expect(topology: Topology, header: EnvelopeHeader, ids: readonly number[]): void {
    const call = callOf(header)
    const { origin } = this.#delivery
    if (origin.isFull(call)) {
      const most = limits.pendingRequestsMax
      throw new MachinesError('DM_PENDING_LIMIT', `${most} calls wait for an answer already`)
    }
    const names = this.#names.of(topology, ids)
    // Where nobody is asked there is no answer that this could go with.
    if (ids.length === 0) this.#delivery.tell(call.asker, expectReport(call, names))
    else origin.open(call, ids, this.#options.clock.now() + header.budgetMs, names)
    this.#options.onWaiting?.()
  }

  /** A message or call of another machine passes through, or ends here. */
  #pass(header: EnvelopeHeader, envelope: Uint8Array, link: LinkName): void {
    if (header.target.kind === 'manager') {
      // Mail goes up and never down: what comes from the parent for the parent is none.
      if (link === 'parent') this.#drops.count('forbidden')
      else this.#delivery.sendToManager(header, envelope)
      return
    }
    const ids = this.#narrowed(header)
    if (ids === undefined) this.#drops.count('unknownTarget')
    else this.#delivery.spread(this.#topology(), header, envelope, ids, link)
  }

  /** Answers over the link that it came by: the plan leads to another machine. */
  #disown(header: EnvelopeHeader, link: LinkName): void {
    if (link === 'parent' || !isInstance(header.source)) return
    if (header.kind === EnvelopeKind.SEND || header.kind === EnvelopeKind.REQUEST) {
      this.#delivery.disown(header, this.#narrowed(header) ?? [], link)
    }
  }

  /** Between routers every target is a list of instances, all of them in the plan. */
  #narrowed(header: EnvelopeHeader): readonly number[] | undefined {
    if (header.target.kind !== 'instances') return undefined
    try {
      return this.#topology().resolve(header.target)
    } catch {
      return undefined
    }
  }
}

/** The header with its true source, whatever it says itself. */
function sentBy(source: Endpoint, header: EnvelopeHeader): EnvelopeHeader {
  return header.source === source ? header : { ...header, source }
}
