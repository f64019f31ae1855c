/** The parent: dials every point, hands each its share, and is the hub between the machines. */
import { planShards } from '../../../allocator/plan-instances.js'
import type { MachinePlan, ShardPlan } from '../../../allocator/plan-types.js'
import { MachinesError } from '../../../errors.js'
import type { LinkHealth } from '../../../link/link.js'
import type { ResolvedParent, ResolvedPoint } from '../../../options/resolved-options.js'
import type { Calls } from '../../../routing/calls.js'
import { machineIndexOf, parentEndpoint } from '../../../routing/endpoint.js'
import type { Port } from '../../../routing/router-types.js'
import { Topology } from '../../../routing/topology.js'
import type { System } from '../../../system/system.js'
import { ManagerNode } from '../../manager-node.js'
import type { MachineStatus, ManagerMode, ModeEvent } from '../../mode.js'
import type { InstanceAction } from '../control-messages.js'
import { Member } from './member.js'
import type { ParentLinks } from './parent-links.js'
import { RemoteMachine } from './remote-machine.js'
import { StartTracker } from './start-tracker.js'
import { StopRound } from './stop-round.js'

interface Seat {
  readonly point: ResolvedPoint
  readonly plan: MachinePlan
  readonly member: Member
  readonly port: Port
}

export class ParentMode implements ManagerMode {
  readonly #options: ResolvedParent
  readonly #system: System
  readonly #onEvent: (event: ModeEvent) => void
  readonly #links: ParentLinks
  readonly #node: ManagerNode
  readonly #seats: readonly Seat[]
  readonly #tracker: StartTracker
  #topology: Topology
  #isEnding = false
  #started: { resolve(): void; reject(error: MachinesError): void } | undefined

  constructor(
    options: ResolvedParent,
    links: ParentLinks,
    system: System,
    onEvent: (event: ModeEvent) => void,
  ) {
    this.#options = options
    this.#system = system
    this.#onEvent = onEvent
    this.#links = links
    const plan = planOf(options)
    this.#topology = Topology.fromPlan(plan, plan.machines.keys())
    this.#node = this.#createNode()
    this.#node.router.setTopology(this.#topology)
    this.#seats = options.points.flatMap((point, index) => {
      const share = plan.machines[index]
      return share ? [this.#createSeat(point, share)] : []
    })
    this.#tracker = new StartTracker(options.points.map(({ name }) => name))
  }

  get calls(): Calls {
    return this.#node.calls
  }

  async start(): Promise<void> {
    await this.#links.open((error) => this.#onEvent({ type: 'warning', error }))
    if (this.#isEnding) throw startAborted()
    for (const { member } of this.#seats) member.start()
    this.#limitDialling()
    await new Promise<void>((resolve, reject) => {
      this.#started = { resolve, reject }
    })
  }

  async stop(reason: string): Promise<void> {
    this.#abortStart()
    const unconfirmed = await new StopRound(this.#system).run(this.#members, reason)
    await this.#close('DM_STOPPED', reason)
    if (unconfirmed.length === 0) return
    const message = `stopped, but no confirmation came from ${unconfirmed.join(', ')}: their instances may still run`
    this.#onEvent({ type: 'warning', error: new MachinesError('DM_OFFLINE', message) })
  }

  async detach(): Promise<void> {
    this.#abortStart()
    await this.#close('DM_LINK_CLOSED', 'the parent detached; the bots go on')
  }

  machines(): readonly MachineStatus[] {
    return this.#seats.map(({ point, plan, member: { machine, health } }) => ({
      name: point.name,
      index: plan.index,
      phase: machine.phase,
      mode: point.child.mode,
      pingMs: health.pingMs,
      lagMs: health.peerLagMs,
      error: machine.error,
      instances: machine.instances,
    }))
  }

  totalShards(): number {
    return this.#options.totalShards
  }

  address(): undefined {
    return undefined
  }

  kill(instance: number): Promise<void> {
    return this.#control('kill', instance)
  }

  create(instance: number): Promise<void> {
    return this.#control('create', instance)
  }

  recreate(instance: number): Promise<void> {
    return this.#control('recreate', instance)
  }

  raw(): undefined {
    return undefined
  }

  get #members(): readonly Member[] {
    return this.#seats.map(({ member }) => member)
  }

  #control(action: InstanceAction, instance: number): Promise<void> {
    const index = this.#topology.machineOf(instance)
    const seat = this.#seats.find(({ plan }) => plan.index === index)
    if (seat) return seat.member.machine.control(action, instance)
    const message = `no instance ${instance}`
    return Promise.reject(new MachinesError('DM_INSTANCE_UNKNOWN', message, { instance }))
  }

  #createNode(): ManagerNode {
    const machine = (index: number): Port | undefined => {
      const seat = this.#seats[index]
      return seat?.member.isReachable ? seat.port : undefined
    }
    return new ManagerNode({
      self: parentEndpoint,
      machine: undefined,
      system: this.#system,
      callTimeoutMs: this.#options.callTimeoutMs,
      acceptRemoteEval: false,
      onUndelivered: (report) => this.#onEvent({ type: 'undelivered', report }),
      hops: {
        local: () => undefined,
        machine,
        manager: (endpoint) => machine(machineIndexOf(endpoint) ?? -1),
      },
    })
  }

  #createSeat(point: ResolvedPoint, plan: MachinePlan): Seat {
    const { name } = point
    const { index } = plan
    const hooks = {
      envelope: (envelope: Uint8Array) => this.#node.router.fromLink(envelope, index),
      lost: (envelopes: readonly Uint8Array[]) => {
        for (const envelope of envelopes) this.#node.router.notDelivered(envelope)
      },
      assigned: () => member.machine.tell({ op: 'topology', topology: this.#topology.toWire() }),
      reachable: () => this.#publishTopology(),
      refused: (error: MachinesError, { attempt, delayMs }: { attempt: number; delayMs: number }) =>
        this.#onEvent({ type: 'dial-failed', machine: name, error, attempt, retryMs: delayMs }),
      health: (health: LinkHealth) => this.#onHealth(name, health),
    }
    const member: Member = new Member(
      this.#system,
      { ...hooks, dial: (events) => this.#links.dial(index, events) },
      (send) =>
        new RemoteMachine(this.#assignmentOf(point, index), plan.instances, {
          send,
          onPhase: (phase, error) => this.#onPhase(name, phase, error),
          onInstance: (event) => this.#onEvent({ type: 'instance', machine: name, event }),
        }),
    )
    return { point, plan, member, port: (envelope) => member.machine.deliver(envelope) }
  }

  #assignmentOf(point: ResolvedPoint, index: number) {
    const { totalShards, callTimeoutMs } = this.#options
    return { machine: point.name, index, totalShards, callTimeoutMs, push: point.child }
  }

  #onPhase(name: string, phase: MachineStatus['phase'], error: MachinesError | undefined): void {
    this.#onEvent({ type: 'machine', machine: name, phase, ...(error ? { error } : {}) })
    if (phase === 'ready') this.#settle(name)
    else if (phase === 'failed') this.#settle(name, error)
  }

  #settle(name: string, error?: MachinesError): void {
    const result = this.#tracker.settle(name, error)
    if (result?.ok) this.#started?.resolve()
    else if (result) this.#started?.reject(result.error)
  }

  #onHealth(machine: string, { pingMs }: LinkHealth): void {
    if (pingMs !== undefined && pingMs > this.#options.pingWarningMs) {
      this.#onEvent({ type: 'slow', machine, pingMs })
    }
  }

  /** Every machine is told who can be reached, so that each router answers at once for the rest. */
  #publishTopology(): void {
    const down = this.#seats.filter(({ member }) => !member.isReachable)
    this.#topology = this.#topology.withDown(down.map(({ plan }) => plan.index))
    this.#node.router.setTopology(this.#topology)
    const topology = this.#topology.toWire()
    for (const { member } of this.#seats) {
      if (member.isReachable) member.machine.tell({ op: 'topology', topology })
    }
  }

  #limitDialling(): void {
    const { dialTimeoutMs } = this.#options
    if (dialTimeoutMs === 0) return
    this.#system.setTimer(dialTimeoutMs, () => {
      for (const { member, point } of this.#seats) {
        if (member.machine.phase !== 'dialling') continue
        const message = `${point.name} could not be reached within ${dialTimeoutMs} ms`
        const details = { machine: point.name }
        this.#settle(point.name, new MachinesError('DM_DIAL_TIMEOUT', message, details))
      }
    })
  }

  #abortStart(): void {
    this.#isEnding = true
    this.#started?.reject(startAborted())
  }

  async #close(code: 'DM_STOPPED' | 'DM_LINK_CLOSED', reason: string): Promise<void> {
    await Promise.all(this.#members.map((member) => member.end(code, reason)))
    this.#node.stop()
    for (const { machine } of this.#members) machine.markStopped()
  }
}

function startAborted(): MachinesError {
  return new MachinesError('DM_START_ABORTED', 'the manager was stopped while starting')
}

function planOf({ points, totalShards }: ResolvedParent): ShardPlan {
  const shares = points.map(({ name, shards, shardsPerInstance }) => ({
    machine: name,
    shards,
    shardsPerInstance,
  }))
  return planShards(totalShards, shares)
}
