/**
 * The machines of a parent by name, and who of them can be reached: the hops of the parent's router,
 * and the topology that every machine is told.
 */
import type { InstancePlan } from '../../../allocator/plan-types.js'
import { MachinesError } from '../../../errors.js'
import type { DialEvents, LinkHealth } from '../../../link/link.js'
import type { DialedLink } from '../../../link/link-dialer.js'
import type { ResolvedParent, ResolvedPoint } from '../../../options/resolved-options.js'
import { machineIndexOf } from '../../../routing/endpoint.js'
import type { Router } from '../../../routing/router.js'
import type { Hops, Port } from '../../../routing/router-types.js'
import type { System } from '../../../system/system.js'
import type { MachinePhase, MachineStatus, ModeEvent } from '../../mode.js'
import type { ParentSelf } from '../control-messages.js'
import { Member, type MemberHooks } from './member.js'
import type { OwnershipMessage } from './remote-machine.js'

export interface Seat {
  readonly point: ResolvedPoint
  /** Given once and never again, also after the machine was removed. */
  readonly index: number
  readonly member: Member
  /** The same function at all times, by which the router knows a next hop. */
  readonly port: Port
}

export interface SeatHooks {
  /** Asked for only after the parent's start has taken its epoch. */
  self(): ParentSelf
  dial(index: number, events: DialEvents): DialedLink
  router(): Router
  onEvent(event: ModeEvent): void
  onPhase(machine: string, phase: MachinePhase, error: MachinesError | undefined): void
  onOwnership(machine: string, message: OwnershipMessage): void
  isWhole(machine: string): boolean
  reachable(machine: string, isReachable: boolean): void
  sessionEnded(machine: string): void
  replaced(machine: string, by: Parameters<MemberHooks['replaced']>[0]): void
}

export class Seats {
  readonly hops: Hops
  readonly #options: ResolvedParent
  readonly #system: System
  readonly #hooks: SeatHooks
  readonly #byName = new Map<string, Seat>()
  readonly #byIndex = new Map<number, Seat>()
  #next = 0

  constructor(options: ResolvedParent, system: System, hooks: SeatHooks) {
    this.#options = options
    this.#system = system
    this.#hooks = hooks
    const machine = (index: number) => this.#portOf(index)
    this.hops = {
      local: () => undefined,
      machine,
      manager: (endpoint) => machine(machineIndexOf(endpoint) ?? -1),
    }
  }

  get all(): readonly Seat[] {
    return [...this.#byName.values()]
  }

  get members(): readonly Member[] {
    return this.all.map(({ member }) => member)
  }

  at(index: number): Seat | undefined {
    return this.#byIndex.get(index)
  }

  find(machine: string): Seat | undefined {
    return this.#byName.get(machine)
  }

  /** Throws DM_TARGET_UNKNOWN. */
  get(machine: string): Seat {
    const seat = this.#byName.get(machine)
    if (seat) return seat
    const message = `no machine is called ${JSON.stringify(machine)}`
    throw new MachinesError('DM_TARGET_UNKNOWN', message, { given: machine })
  }

  add(point: ResolvedPoint, plans: readonly InstancePlan[]): Seat {
    const { totalShards, callTimeoutMs } = this.#options
    const { name: machine, child: push } = point
    const index = this.#next
    this.#next += 1
    const share = { machine, index, totalShards, callTimeoutMs, push }
    const hooks = this.#memberHooks(machine, index)
    const member = new Member(this.#system, hooks, share, plans)
    const seat = { point, index, member, port: (envelope: Uint8Array) => member.deliver(envelope) }
    this.#byName.set(machine, seat)
    this.#byIndex.set(index, seat)
    return seat
  }

  remove({ point, index }: Seat): void {
    this.#byName.delete(point.name)
    this.#byIndex.delete(index)
  }

  #portOf(index: number): Port | undefined {
    const seat = this.#byIndex.get(index)
    return seat?.member.isReachable ? seat.port : undefined
  }

  #memberHooks(machine: string, index: number): MemberHooks {
    const hooks = this.#hooks
    return {
      self: () => hooks.self(),
      isWhole: () => hooks.isWhole(machine),
      dial: (events) => hooks.dial(index, events),
      envelope: (envelope) => hooks.router().fromLink(envelope, index),
      lost: (envelopes) => {
        for (const envelope of envelopes) hooks.router().notDelivered(envelope)
      },
      reachable: (isReachable) => hooks.reachable(machine, isReachable),
      sessionEnded: () => hooks.sessionEnded(machine),
      replaced: (by) => hooks.replaced(machine, by),
      refused: (error, { attempt, delayMs: retryMs }) =>
        hooks.onEvent({ type: 'dial-failed', machine, error, attempt, retryMs }),
      health: (health) => this.#onHealth(machine, health),
      warning: (error) => hooks.onEvent({ type: 'warning', error }),
      onPhase: (phase, error) => hooks.onPhase(machine, phase, error),
      onInstance: (event) => hooks.onEvent({ type: 'instance', machine, event }),
      onOwnership: (message) => hooks.onOwnership(machine, message),
    }
  }

  #onHealth(machine: string, { pingMs }: LinkHealth): void {
    if (pingMs === undefined || pingMs <= this.#options.link.pingWarningMs) return
    this.#hooks.onEvent({ type: 'slow', machine, pingMs })
  }
}

export function statusOf({ point, index, member }: Seat): MachineStatus {
  const { machine, health } = member
  return {
    name: point.name,
    index,
    phase: machine.phase,
    mode: point.child.mode,
    pingMs: health.pingMs,
    pingP50Ms: health.pingP50Ms,
    pingP99Ms: health.pingP99Ms,
    lagMs: health.peerLagMs,
    error: machine.error,
    instances: machine.instances,
  }
}
