/** The parent: dials every point, hands each its share, and is the hub between the machines. */
import { type ErrorCode, MachinesError } from '../../../errors.js'
import type { DialectMessage } from '../../../instances/dialects/dialect.js'
import type { ManagerIdentity } from '../../../link/identity.js'
import type { ResolvedParent } from '../../../options/resolved-options.js'
import type { Calls } from '../../../routing/calls.js'
import { parentEndpoint } from '../../../routing/endpoint.js'
import type { System } from '../../../system/system.js'
import type { MachineControl } from '../../machine-control.js'
import { ManagerNode } from '../../manager-node.js'
import type { MachinePhase, MachineStatus, ManagerMode, ModeEvent } from '../../mode.js'
import type { InstanceAction } from '../control-messages.js'
import { InstanceArrivals } from './instance-arrivals.js'
import { OwnershipDesk } from './ownership-desk.js'
import { ParentControl } from './parent-control.js'
import type { ParentLinks } from './parent-links.js'
import { ownershipOf, planOf } from './parent-plan.js'
import { ParentStart } from './parent-start.js'
import { Seats, statusOf } from './seats.js'
import { StopRound } from './stop-round.js'
import { TopologyBoard } from './topology-board.js'

export type UsedLinks = Pick<
  ParentLinks,
  | 'open'
  | 'self'
  | 'dial'
  | 'identity'
  | 'forgetPeer'
  | 'former'
  | 'isLatest'
  | 'keep'
  | 'add'
  | 'remove'
>

export class ParentMode implements ManagerMode {
  readonly control: MachineControl
  readonly #options: ResolvedParent
  readonly #system: System
  readonly #onEvent: (event: ModeEvent) => void
  readonly #links: UsedLinks
  readonly #node: ManagerNode
  readonly #seats: Seats
  readonly #board: TopologyBoard
  readonly #arrivals = new InstanceArrivals()
  readonly #start: ParentStart
  /** From the start on, which reads what the former one has left. */
  #desk: OwnershipDesk | undefined
  #isEnding = false

  constructor(
    options: ResolvedParent,
    links: UsedLinks,
    system: System,
    onEvent: (event: ModeEvent) => void,
  ) {
    this.#options = options
    this.#system = system
    this.#onEvent = onEvent
    this.#links = links
    const names = options.points.map(({ name }) => name)
    this.#start = new ParentStart(names, options.dialTimeoutMs, system)
    this.#seats = this.#createSeats()
    const plan = planOf(options)
    for (const [index, point] of options.points.entries()) {
      this.#seats.add(point, plan.machines[index]?.instances ?? [])
    }
    this.#board = new TopologyBoard(plan, this.#seats, system, () => this.#node.router)
    this.#node = this.#createNode()
    this.#node.router.setTopology(this.#board.topology)
    const parts = { seats: this.#seats, board: this.#board, arrivals: this.#arrivals }
    this.control = new ParentControl(options, links, parts, {
      keeper: () => this.#requireDesk().keeper,
      changed: () => onEvent({ type: 'instances' }),
    })
  }

  get calls(): Calls {
    return this.#node.calls
  }

  tell(message: DialectMessage): void {
    this.#node.tell(message)
  }

  async start(): Promise<void> {
    await this.#links.open((error) => this.#onEvent({ type: 'warning', error }))
    // stop() or detach() may have come while the identity was read.
    if (this.#isEnding) throw startAborted()
    const started = this.#start.wait()
    this.#desk = this.#createDesk()
    for (const { point, member } of this.#seats.all) {
      // The start does not wait for a machine that stands by with nothing.
      if (member.machine.instances.length === 0) this.#start.entered(point.name, 'ready')
      member.start()
    }
    await started
  }

  async stop(reason: string): Promise<void> {
    this.#abortStart()
    this.#desk?.halt()
    const unconfirmed = await new StopRound(this.#system).run(this.#seats.members, reason)
    const names = unconfirmed.map(({ machine }) => machine.name)
    const uncertain = new Set([...names, ...(this.#desk?.uncertain ?? [])])
    await this.#close('DM_STOPPED', reason)
    this.#desk?.end(unconfirmed.length === 0)
    for (const { machine } of this.#seats.members) machine.partedAs('closed')
    if (uncertain.size > 0) this.#report([...uncertain])
  }

  async detach(): Promise<void> {
    this.#abortStart()
    await this.#close('DM_LINK_CLOSED', 'the parent detached; the bots go on')
    this.#desk?.end(false)
    for (const { machine } of this.#seats.members) machine.partedAs('detached')
  }

  async flushed(): Promise<void> {
    await Promise.all(this.#seats.members.map((member) => member.flushed()))
  }

  machines(): readonly MachineStatus[] {
    return this.#seats.all.map(statusOf)
  }

  machine(name: string): MachineStatus | undefined {
    const seat = this.#seats.find(name)
    return seat && statusOf(seat)
  }

  totalShards(): number {
    return this.#options.totalShards
  }

  address(): undefined {
    return undefined
  }

  identity(): ManagerIdentity | undefined {
    return this.#links.identity
  }

  refusals(): ReadonlyMap<ErrorCode, number> {
    return new Map()
  }

  forgetPeer(name: string): boolean {
    return this.#links.forgetPeer(name)
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

  #control(action: InstanceAction, instance: number): Promise<void> {
    const seat = this.#board.seatOf(instance)
    if (seat) return seat.member.machine.control(action, instance)
    const message = `no instance ${instance}`
    return Promise.reject(new MachinesError('DM_INSTANCE_UNKNOWN', message, { instance }))
  }

  #requireDesk(): OwnershipDesk {
    if (this.#desk !== undefined && !this.#isEnding) return this.#desk
    const message = 'machines can be changed from start() until stop()'
    throw new MachinesError('DM_STATE', message)
  }

  #createDesk(): OwnershipDesk {
    const core = ownershipOf(this.#options, this.#links.former, this.#system.machineTime())
    const parts = { seats: this.#seats, board: this.#board }
    return new OwnershipDesk(this.#options, core, parts, this.#system, {
      self: () => this.#links.self,
      isLatest: () => this.#links.isLatest,
      keep: (record) => this.#links.keep(record),
      onEvent: (event) => {
        if (event.type === 'moved') {
          for (const { instance, to } of event.moves) this.#arrivals.moved(instance, to)
        }
        this.#onEvent(event)
      },
      emptied: (machine) => this.#start.entered(machine, 'ready'),
    })
  }

  #createSeats(): Seats {
    return new Seats(this.#options, this.#system, {
      self: () => this.#links.self,
      dial: (index, events) => this.#links.dial(index, events),
      router: () => this.#node.router,
      onEvent: (event) => this.#onSeatEvent(event),
      onPhase: (machine, phase, error) => this.#onPhase(machine, phase, error),
      onOwnership: (machine, message) => this.#desk?.heard(machine, message),
      isWhole: (machine) => this.#desk?.keeper.core.isWhole(machine) ?? false,
      reachable: (machine, isReachable) => this.#onReachable(machine, isReachable),
      sessionEnded: (machine) => this.#onSessionEnded(machine),
      replaced: (machine, by) => this.#desk?.replaced(machine, by),
    })
  }

  #onSeatEvent(event: ModeEvent): void {
    this.#onEvent(event)
    if (event.type === 'instance') this.#arrivals.happened(event.machine, event.event)
  }

  #onReachable(machine: string, isReachable: boolean): void {
    this.#board.reachableChanged()
    if (this.#isEnding) return
    this.#desk?.reachable(machine, isReachable)
    if (!isReachable) this.#arrivals.machineLost(machine)
  }

  #onSessionEnded(machine: string): void {
    const seat = this.#seats.find(machine)
    if (seat) this.#board.sessionEnded(seat)
    this.#desk?.sessionEnded(machine)
  }

  #createNode(): ManagerNode {
    return new ManagerNode({
      self: parentEndpoint,
      machine: undefined,
      system: this.#system,
      callTimeoutMs: this.#options.callTimeoutMs,
      acceptRemoteEval: false,
      onUndelivered: (report) => this.#onEvent({ type: 'undelivered', report }),
      onMail: (mail) => this.#onEvent({ type: 'mail', mail }),
      onWarning: (error) => this.#onEvent({ type: 'warning', error }),
      hops: this.#seats.hops,
    })
  }

  #onPhase(machine: string, phase: MachinePhase, error: MachinesError | undefined): void {
    this.#onEvent({ type: 'machine', machine, phase, ...(error ? { error } : {}) })
    this.#start.entered(machine, phase, error)
  }

  #abortStart(): void {
    this.#isEnding = true
    this.#arrivals.endAll(new MachinesError('DM_STOPPED', 'the manager was stopped'))
    this.#start.abort(startAborted())
  }

  async #close(code: 'DM_STOPPED' | 'DM_LINK_CLOSED', reason: string): Promise<void> {
    await Promise.all(this.#seats.members.map((member) => member.end(code, reason)))
    this.#board.stop()
    this.#node.stop()
  }

  #report(uncertain: readonly string[]): void {
    const names = uncertain.join(', ')
    const message = `stopped, but no confirmation came from ${names}: their instances may still run`
    this.#onEvent({ type: 'warning', error: new MachinesError('DM_OFFLINE', message) })
  }
}

function startAborted(): MachinesError {
  return new MachinesError('DM_START_ABORTED', 'the manager was stopped while starting')
}
