/**
 * Ends calls that get no answer any more: their deadline has passed, an instance has exited, a
 * machine is lost, or an instance belongs to another machine now.
 */
import type { Delivery } from './delivery.js'
import type { Endpoint } from './endpoint.js'
import type { LinkName, NextHops } from './next-hops.js'
import { openOf } from './origin-calls.js'
import type { Topology } from './topology.js'

export class CallEnds {
  /** Index of this machine; undefined for a hub, which has no instances. */
  readonly #own: number | undefined
  readonly #hops: NextHops
  readonly #delivery: Delivery

  constructor(own: number | undefined, hops: NextHops, delivery: Delivery) {
    this.#own = own
    this.#hops = hops
    this.#delivery = delivery
  }

  instanceGone(instance: number): void {
    this.#delivery.origin.forgetAsker(instance)
    for (const call of this.#delivery.handed.takeAll(instance)) {
      const owed = { ...call, questions: call.open }
      this.#delivery.answerOffline(owed, instance, 'exited before it answered')
    }
  }

  machineLost(machine: LinkName): void {
    const isLost = (instance: number) => {
      const index = this.#hops.topology?.machineOf(instance)
      return machine === 'parent' ? index !== this.#own : index === machine
    }
    for (const [call, instance] of this.#delivery.origin.waitingFor(isLost)) {
      this.#delivery.answerOffline(call, instance, 'was lost with its machine')
    }
  }

  /**
   * A machine that an instance has left speaks for it no more, so neither its answers come through
   * nor those to what it has asked from there. On that machine itself, where it may still run for a
   * while, what neighbours asked of it ends as ever: by its answer, or by its exit.
   */
  moved(former: Topology, topology: Topology): void {
    const own = this.#own
    const isLocal = (instance: number) => own !== undefined && former.machineOf(instance) === own
    const moved = new Set<Endpoint>(topology.movedSince(former))
    if (moved.size === 0) return
    const isCutOff = (instance: number, asker: Endpoint) =>
      !isLocal(instance) && (moved.has(instance) || moved.has(asker))
    for (const [call, instance] of this.#delivery.origin.waitingFor(isCutOff)) {
      const what = moved.has(instance) ? 'was moved there' : 'lost its asker, which was moved,'
      this.#delivery.answerOffline(call, instance, `${what} before it answered`)
    }
  }

  /** Names those asked where no answer has done so yet. Returns whether others wait. */
  deadlines(now: number): boolean {
    const { origin, handed } = this.#delivery
    for (const call of origin.takeUntold()) this.#delivery.tellExpected(call)
    for (const call of origin.expired(now)) {
      for (const [open, instance] of openOf(call)) this.#delivery.answerTimeout(open, instance)
    }
    handed.expire(now)
    return origin.size > 0 || handed.size > 0
  }
}
