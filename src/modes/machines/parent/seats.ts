/**
 * The machines of a parent in the order of their points, and who of them can be reached: the hops of
 * the parent's router, and the topology that every machine is told.
 */
import type { MachinePlan, ShardPlan } from '../../../allocator/plan-types.js'
import type { MachinesError } from '../../../errors.js'
import type { DialEvents, LinkHealth } from '../../../link/link.js'
import type { DialedLink } from '../../../link/link-dialer.js'
import type { ResolvedParent, ResolvedPoint } from '../../../options/resolved-options.js'
import { machineIndexOf } from '../../../routing/endpoint.js'
import type { Router } from '../../../routing/router.js'
import type { Hops, Port } from '../../../routing/router-types.js'
import { Topology } from '../../../routing/topology.js'
import type { System } from '../../../system/system.js'
import type { MachinePhase, MachineStatus, ModeEvent } from '../../mode.js'
import { encodeControl, type ParentSelf } from '../control-messages.js'
import { Member, type MemberHooks } from './member.js'

interface Seat {
  readonly point: ResolvedPoint
  readonly plan: MachinePlan
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
}

export class Seats {
  readonly hops: Hops
  readonly #options: ResolvedParent
  readonly #hooks: SeatHooks
  readonly #seats: readonly Seat[]
  #topology: Topology

  constructor(options: ResolvedParent, plan: ShardPlan, system: System, hooks: SeatHooks) {
    this.#options = options
    this.#hooks = hooks
    this.#topology = Topology.fromPlan(plan, plan.machines.keys())
    this.#seats = options.points.flatMap((point, index) => {
      const share = plan.machines[index]
      return share ? [this.#createSeat(point, share, system)] : []
    })
    const machine = (index: number) => this.#portOf(index)
    this.hops = {
      local: () => undefined,
      machine,
      manager: (endpoint) => machine(machineIndexOf(endpoint) ?? -1),
    }
  }

  get members(): readonly Member[] {
    return this.#seats.map(({ member }) => member)
  }

  get topology(): Topology {
    return this.#topology
  }

  /** The machine that is planned to run the instance. */
  memberOf(instance: number): Member | undefined {
    const index = this.#topology.machineOf(instance)
    return this.#seats.find(({ plan }) => plan.index === index)?.member
  }

  statuses(): readonly MachineStatus[] {
    return this.#seats.map(({ point, plan, member: { machine, health } }) => ({
      name: point.name,
      index: plan.index,
      phase: machine.phase,
      mode: point.child.mode,
      pingMs: health.pingMs,
      pingP50Ms: health.pingP50Ms,
      pingP99Ms: health.pingP99Ms,
      lagMs: health.peerLagMs,
      error: machine.error,
      instances: machine.instances,
    }))
  }

  #portOf(index: number): Port | undefined {
    const seat = this.#seats[index]
    return seat?.member.isReachable ? seat.port : undefined
  }

  #createSeat(point: ResolvedPoint, plan: MachinePlan, system: System): Seat {
    const { totalShards, callTimeoutMs } = this.#options
    const { index, instances } = plan
    const share = { machine: point.name, index, totalShards, callTimeoutMs, push: point.child }
    const member = new Member(system, this.#memberHooks(point.name, index), share, instances)
    return { point, plan, member, port: (envelope) => member.deliver(envelope) }
  }

  #memberHooks(machine: string, index: number): MemberHooks {
    const hooks = this.#hooks
    return {
      self: () => hooks.self(),
      dial: (events) => hooks.dial(index, events),
      envelope: (envelope) => hooks.router().fromLink(envelope, index),
      lost: (envelopes) => {
        for (const envelope of envelopes) hooks.router().notDelivered(envelope)
      },
      reachable: () => this.#publishTopology(),
      refused: (error, { attempt, delayMs: retryMs }) =>
        hooks.onEvent({ type: 'dial-failed', machine, error, attempt, retryMs }),
      health: (health) => this.#onHealth(machine, health),
      warning: (error) => hooks.onEvent({ type: 'warning', error }),
      onPhase: (phase, error) => hooks.onPhase(machine, phase, error),
      onInstance: (event) => hooks.onEvent({ type: 'instance', machine, event }),
    }
  }

  #onHealth(machine: string, { pingMs }: LinkHealth): void {
    if (pingMs === undefined || pingMs <= this.#options.link.pingWarningMs) return
    this.#hooks.onEvent({ type: 'slow', machine, pingMs })
  }

  /** Every machine is told who can be reached, so that each router answers at once for the rest. */
  #publishTopology(): void {
    const down = this.#seats.filter(({ member }) => !member.isReachable)
    this.#topology = this.#topology.withDown(down.map(({ plan }) => plan.index))
    this.#hooks.router().setTopology(this.#topology)
    // One text for all of them: with many machines it is long, and changes often while they start.
    const message = encodeControl({ op: 'topology', topology: this.#topology.toWire() })
    for (const { member } of this.#seats) if (member.isReachable) member.post(message)
  }
}
