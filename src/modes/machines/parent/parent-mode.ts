/** The parent: dials every point, hands each its share, and is the hub between the machines. */
import { planShards } from '../../../allocator/plan-instances.js'
import type { ShardPlan } from '../../../allocator/plan-types.js'
import { type ErrorCode, MachinesError } from '../../../errors.js'
import type { DialectMessage } from '../../../instances/dialects/dialect.js'
import type { ManagerIdentity } from '../../../link/identity.js'
import type { ResolvedParent } from '../../../options/resolved-options.js'
import type { Calls } from '../../../routing/calls.js'
import { parentEndpoint } from '../../../routing/endpoint.js'
import type { System } from '../../../system/system.js'
import { ManagerNode } from '../../manager-node.js'
import type { MachinePhase, MachineStatus, ManagerMode, ModeEvent } from '../../mode.js'
import type { InstanceAction } from '../control-messages.js'
import type { Member } from './member.js'
import type { ParentLinks } from './parent-links.js'
import { ParentStart } from './parent-start.js'
import { Seats } from './seats.js'
import { StopRound } from './stop-round.js'

type UsedLinks = Pick<ParentLinks, 'open' | 'self' | 'dial' | 'identity' | 'forgetPeer'>

export class ParentMode implements ManagerMode {
  readonly #options: ResolvedParent
  readonly #system: System
  readonly #onEvent: (event: ModeEvent) => void
  readonly #links: UsedLinks
  readonly #node: ManagerNode
  readonly #seats: Seats
  readonly #start: ParentStart
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
    this.#seats = new Seats(options, planOf(options), system, {
      self: () => links.self,
      dial: (index, events) => links.dial(index, events),
      router: () => this.#node.router,
      onEvent,
      onPhase: (machine, phase, error) => this.#onPhase(machine, phase, error),
    })
    this.#node = this.#createNode()
    this.#node.router.setTopology(this.#seats.topology)
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
    for (const member of this.#seats.members) member.start()
    await started
  }

  async stop(reason: string): Promise<void> {
    this.#abortStart()
    const unconfirmed = await new StopRound(this.#system).run(this.#seats.members, reason)
    await this.#close('DM_STOPPED', reason)
    for (const { machine } of this.#seats.members) machine.partedAs('closed')
    if (unconfirmed.length > 0) this.#report(unconfirmed)
  }

  async detach(): Promise<void> {
    this.#abortStart()
    await this.#close('DM_LINK_CLOSED', 'the parent detached; the bots go on')
    for (const { machine } of this.#seats.members) machine.partedAs('detached')
  }

  async flushed(): Promise<void> {
    await Promise.all(this.#seats.members.map((member) => member.flushed()))
  }

  machines(): readonly MachineStatus[] {
    return this.#seats.statuses()
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
    const member = this.#seats.memberOf(instance)
    if (member) return member.machine.control(action, instance)
    const message = `no instance ${instance}`
    return Promise.reject(new MachinesError('DM_INSTANCE_UNKNOWN', message, { instance }))
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
    this.#start.abort(startAborted())
  }

  async #close(code: 'DM_STOPPED' | 'DM_LINK_CLOSED', reason: string): Promise<void> {
    await Promise.all(this.#seats.members.map((member) => member.end(code, reason)))
    this.#node.stop()
  }

  #report(unconfirmed: readonly Member[]): void {
    const names = unconfirmed.map(({ machine }) => machine.name).join(', ')
    const message = `stopped, but no confirmation came from ${names}: their instances may still run`
    this.#onEvent({ type: 'warning', error: new MachinesError('DM_OFFLINE', message) })
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
