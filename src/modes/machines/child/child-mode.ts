/** The child: stands by on its port, runs what its parent assigns, and keeps running without it. */
import { formatRanges, listToRanges } from '../../../allocator/shard-lists.js'
import { MachinesError } from '../../../errors.js'
import type { Link, LinkEvents, LinkHealth, Peer } from '../../../link/link.js'
import type { Admission, LinkServer } from '../../../link/link-server.js'
import { applyPush } from '../../../options/apply-push.js'
import { processEnvironment } from '../../../options/options-environment.js'
import type { ResolvedChild, RunOptions } from '../../../options/resolved-options.js'
import type { Calls } from '../../../routing/calls.js'
import { managerEndpoint } from '../../../routing/endpoint.js'
import type { Port } from '../../../routing/router-types.js'
import { Topology } from '../../../routing/topology.js'
import type { System } from '../../../system/system.js'
import { createFleet } from '../../local/fleet.js'
import type { Fleet, InstanceEvent } from '../../local/fleet-types.js'
import { createLauncher } from '../../local/launchers/create-launcher.js'
import { writeLine } from '../../local/output.js'
import { ManagerNode } from '../../manager-node.js'
import type { MachinePhase, MachineStatus, ManagerMode, ModeEvent } from '../../mode.js'
import type { InstanceAction } from '../control-messages.js'
import { type CheckedAssignment, parseAssignment } from './assignment-parser.js'
import type { ChildLinkHandlers, ChildLinks } from './child-links.js'
import { ChildWorkload, requireFleet } from './child-workload.js'
import { ParentSession } from './parent-session.js'

export class ChildMode implements ManagerMode {
  readonly #options: ResolvedChild
  readonly #system: System
  readonly #onEvent: (event: ModeEvent) => void
  readonly #links: ChildLinks
  readonly #workload: ChildWorkload
  /** One port for every machine: they all lie behind the parent, so one copy is sent for all. */
  readonly #uplink: Port = (envelope) => this.#session?.deliver(envelope) ?? false
  #node: ManagerNode
  #topology: Topology | undefined
  #server: LinkServer | undefined
  #session: ParentSession | undefined
  #epoch = 0
  #isEnding = false
  #phase: MachinePhase = 'stopped'

  constructor(
    options: ResolvedChild,
    links: ChildLinks,
    system: System,
    onEvent: (event: ModeEvent) => void,
  ) {
    this.#options = options
    this.#system = system
    this.#onEvent = onEvent
    this.#links = links
    this.#node = this.#createNode(undefined)
    this.#workload = new ChildWorkload({
      runOptions: ({ push }) => applyPush(options, push, processEnvironment()),
      createFleet: (assignment, run) => this.#createFleet(assignment, run),
      onAssignment: (assignment) => this.#onAssignment(assignment),
    })
  }

  get calls(): Calls {
    return this.#node.calls
  }

  async start(): Promise<void> {
    const handlers: ChildLinkHandlers = {
      about: () => ({ kind: 'child', node: process.version }),
      admit: (peer) => this.#admit(peer),
      onLink: (link) => this.#onLink(link),
      onRefused: (error) => this.#onEvent({ type: 'refused', error }),
    }
    const onWarning = (error: MachinesError) => this.#onEvent({ type: 'warning', error })
    this.#server = await this.#links.serve(handlers, onWarning)
    // stop() may have come while the port was being opened.
    if (!this.#isEnding) return
    await this.#server.close('DM_STOPPED', 'stopped while starting')
    throw new MachinesError('DM_START_ABORTED', 'the manager was stopped while starting')
  }

  async stop(reason: string): Promise<void> {
    this.#isEnding = true
    await this.#workload.stop(reason)
    await this.#server?.close('DM_STOPPED', reason)
    this.#server = undefined
    this.#node.stop()
    this.#setPhase('stopped')
  }

  detach(): Promise<void> {
    const message = 'detach() is for a parent; stop() ends a child and its instances'
    return Promise.reject(new MachinesError('DM_NOT_IN_THIS_MODE', message))
  }

  machines(): readonly MachineStatus[] {
    const assignment = this.#workload.assignment
    if (!assignment) return []
    const health = this.#session?.link.health
    return [
      {
        name: assignment.machine,
        index: assignment.index,
        phase: this.#phase,
        mode: this.#workload.mode ?? 'processes',
        pingMs: health?.pingMs,
        lagMs: health?.peerLagMs,
        error: undefined,
        instances: this.#workload.status(),
      },
    ]
  }

  totalShards(): number {
    return this.#workload.assignment?.totalShards ?? 0
  }

  address(): { readonly host: string; readonly port: number } | undefined {
    return this.#server?.address
  }

  async kill(instance: number): Promise<void> {
    await requireFleet(this.#workload, instance).kill(instance)
  }

  async create(instance: number): Promise<void> {
    await requireFleet(this.#workload, instance).create(instance)
  }

  async recreate(instance: number): Promise<void> {
    await requireFleet(this.#workload, instance).recreate(instance)
  }

  raw(instance: number): unknown {
    return this.#workload.fleet?.raw(instance)
  }

  /** One parent at a time: its own reconnects are welcome, another one is told to go away. */
  #admit(peer: Peer): Admission {
    const current = this.#session?.link
    if (current?.isUp && current.peer?.key !== peer.key) {
      const reason = 'this child serves another parent'
      return { accept: false, code: 'DM_PARENT_BUSY', reason }
    }
    if (current?.peer?.key === peer.key && peer.epoch < this.#epoch) {
      const reason = 'a newer start of this parent was here before'
      return { accept: false, code: 'DM_EPOCH_OLD', reason }
    }
    const running = this.#workload.assignment
    return { accept: true, about: { running: running ? summary(running) : null } }
  }

  #onLink(link: Link): LinkEvents {
    const session: ParentSession = new ParentSession(link, this.#system, {
      apply: (assignment) => this.#apply(assignment),
      status: () => this.#workload.status(),
      topology: (wire) => this.#onTopology(wire),
      control: (action, instance) => this.#control(action, instance),
      stop: (reason) => this.#dismiss(reason),
      dismissed: () => this.#onDismissed(),
      envelope: (envelope) => this.#node.router.fromLink(envelope, 'parent'),
      lost: (envelopes) => {
        for (const envelope of envelopes) this.#node.router.notDelivered(envelope)
      },
      unreachable: () => this.#node.router.machineLost('parent'),
      health: (health) => this.#onHealth(health),
      ended: () => {
        if (this.#session === session) this.#session = undefined
      },
    })
    this.#session = session
    this.#epoch = Math.max(this.#epoch, link.peer?.epoch ?? 0)
    return session.events
  }

  async #apply(wire: unknown) {
    const applied = await this.#workload.apply(parseAssignment(wire))
    this.#setPhase('starting')
    applied.started.then(
      () => this.#setPhase('ready'),
      () => this.#setPhase('failed'),
    )
    return { ...applied, killTimeoutMs: this.#workload.killTimeoutMs }
  }

  async #control(action: InstanceAction, instance: number): Promise<void> {
    const fleet = requireFleet(this.#workload, instance)
    await fleet[action](instance)
  }

  async #dismiss(reason: string): Promise<void> {
    await this.#workload.stop(reason)
    this.#onEvent({ type: 'instances' })
  }

  #onDismissed(): void {
    if (this.#options.whenParentStops === 'exit') this.#onEvent({ type: 'dismissed' })
  }

  #onTopology(wire: unknown): void {
    this.#topology = Topology.fromWire(wire)
    this.#node.router.setTopology(this.#topology)
  }

  #onAssignment(assignment: CheckedAssignment): void {
    this.#node.stop()
    this.#node = this.#createNode(assignment)
    if (this.#topology) this.#node.router.setTopology(this.#topology)
    this.#onEvent({ type: 'instances' })
  }

  #onInstance(event: InstanceEvent): void {
    if (event.type === 'exited') this.#node.router.instanceGone(event.instance)
    this.#session?.tell({ op: 'event', event })
    const machine = this.#workload.assignment?.machine ?? ''
    this.#onEvent({ type: 'instance', machine, event })
  }

  #onHealth({ pingMs }: LinkHealth): void {
    if (pingMs === undefined || pingMs <= this.#options.pingWarningMs) return
    this.#onEvent({ type: 'slow', machine: 'parent', pingMs })
  }

  #createNode(assignment: CheckedAssignment | undefined): ManagerNode {
    const uplink = () => (this.#session?.isReachable ? this.#uplink : undefined)
    return new ManagerNode({
      self: managerEndpoint(assignment?.index ?? 0),
      machine: assignment?.index,
      system: this.#system,
      callTimeoutMs: assignment?.callTimeoutMs ?? this.#options.callTimeoutMs,
      acceptRemoteEval: this.#options.accept.eval,
      onUndelivered: (report) => this.#onEvent({ type: 'undelivered', report }),
      hops: {
        local: (instance) => (envelope) =>
          this.#workload.fleet?.deliver(instance, envelope) ?? false,
        machine: uplink,
        manager: uplink,
      },
    })
  }

  #createFleet(
    { machine, totalShards, callTimeoutMs, instances }: CheckedAssignment,
    run: RunOptions,
  ): Fleet {
    return createFleet(createLauncher(run.mode, this.#system), {
      machine,
      totalShards,
      instances,
      run,
      callTimeoutMs,
      system: this.#system,
      writeOutput: writeLine,
      onEvent: (event) => this.#onInstance(event),
      onEnvelope: (instance, envelope) => {
        this.#onEvent({ type: 'envelope', instance, envelope })
        this.#node.router.fromLocal(instance, envelope)
      },
    })
  }

  #setPhase(phase: MachinePhase): void {
    this.#phase = phase
    const machine = this.#workload.assignment?.machine
    if (machine !== undefined) this.#onEvent({ type: 'machine', machine, phase })
  }
}

/** What a returning parent learns before it acts. */
function summary({ machine, totalShards, instances }: CheckedAssignment) {
  const shards = instances.flatMap((instance) => instance.shards)
  return { machine, totalShards, shards: formatRanges(listToRanges(shards)) }
}
