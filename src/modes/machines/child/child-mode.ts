/** The child: stands by on its port, runs what its parent assigns, and keeps running without it. */
import { type ErrorCode, MachinesError } from '../../../errors.js'
import type { DialectMessage } from '../../../instances/dialects/dialect.js'
import type { IpcIds } from '../../../instances/ipc-ids.js'
import type { ManagerIdentity } from '../../../link/identity.js'
import type { LinkHealth, Peer } from '../../../link/link.js'
import type { Admission, LinkServer } from '../../../link/link-server.js'
import { applyPush } from '../../../options/apply-push.js'
import { processEnvironment } from '../../../options/options-environment.js'
import type { ResolvedChild, RunOptions } from '../../../options/resolved-options.js'
import type { Calls } from '../../../routing/calls.js'
import type { System } from '../../../system/system.js'
import type { FleetOptions, InstanceEvent } from '../../local/fleet-types.js'
import { type FleetFactory, launchedFleet } from '../../local/launched-fleet.js'
import { writeLine } from '../../local/output.js'
import type { MachinePhase, MachineStatus, ManagerMode, ModeEvent } from '../../mode.js'
import type { AssignmentSource } from '../control-messages.js'
import { type CheckedAssignment, parseAssignment } from './assignment-parser.js'
import { ChildDoor } from './child-door.js'
import type { ChildLinkHandlers, ChildLinks } from './child-links.js'
import { ChildNetwork } from './child-network.js'
import { type Acceptance, ChildWorkload, isOvertaken, type Running } from './child-workload.js'
import { CurrentParent, type ParentHooks } from './current-parent.js'

interface Phase {
  readonly name: MachinePhase
  readonly error?: MachinesError
}

export class ChildMode implements ManagerMode {
  readonly #options: ResolvedChild
  readonly #system: System
  readonly #onEvent: (event: ModeEvent) => void
  readonly #links: Pick<ChildLinks, 'serve' | 'identity' | 'forgetPeer'>
  readonly #ipcIds: IpcIds
  readonly #workload: ChildWorkload
  readonly #network: ChildNetwork
  readonly #door: ChildDoor
  readonly #parent: CurrentParent
  #serving: Promise<LinkServer> | undefined
  #server: LinkServer | undefined
  #isEnding = false
  #phase: Phase = { name: 'stopped' }

  constructor(
    options: ResolvedChild,
    links: Pick<ChildLinks, 'serve' | 'identity' | 'forgetPeer'>,
    system: System,
    onEvent: (event: ModeEvent) => void,
    ipcIds: IpcIds,
    newFleet: FleetFactory = launchedFleet,
  ) {
    this.#options = options
    this.#system = system
    this.#onEvent = onEvent
    this.#links = links
    this.#ipcIds = ipcIds
    this.#door = new ChildDoor(options.takeover, system, onEvent)
    this.#network = this.#createNetwork()
    this.#parent = new CurrentParent(system, this.#door, {
      handlers: this.#sessionHandlers(),
      unreachable: () => this.#network.router.machineLost('parent'),
    })
    this.#workload = new ChildWorkload(options.takeover, {
      runOptions: ({ push }) => applyPush(options, push, processEnvironment()),
      createFleet: (assignment, run) => newFleet(this.#fleetOptions(assignment, run)),
      begun: () => this.#onBegun(),
      ended: () => this.#setPhase({ name: 'stopped' }),
      cleared: () => onEvent({ type: 'instances' }),
    })
  }

  get calls(): Calls {
    return this.#network.calls
  }

  tell(message: DialectMessage): void {
    this.#network.tell(message)
  }

  async start(): Promise<void> {
    const handlers: ChildLinkHandlers = {
      about: () => ({ kind: 'child', node: process.version }),
      admit: (peer) => this.#admit(peer),
      onLink: (link, peer) => this.#parent.enter(link, peer),
      onRefused: (error) => this.#door.refused(error),
    }
    const onWarning = (error: MachinesError) => this.#onEvent({ type: 'warning', error })
    this.#serving = this.#links.serve(handlers, onWarning)
    this.#server = await this.#serving
    // stop() may have come while the port was being opened; it closes the port then.
    if (!this.#isEnding) return
    throw new MachinesError('DM_START_ABORTED', 'the manager was stopped while starting')
  }

  async stop(reason: string): Promise<void> {
    this.#isEnding = true
    await this.#workload.close(reason)
    const server = await this.#serving?.catch(() => undefined)
    await server?.close('DM_STOPPED', reason)
    this.#server = undefined
    this.#network.stop()
  }

  async flushed(): Promise<void> {
    await this.#parent.session?.link.ready()
  }

  machines(): readonly MachineStatus[] {
    const running = this.#workload.running
    if (!running) return []
    const { assignment, run, fleet } = running
    const health = this.#parent.session?.link.health
    return [
      {
        name: assignment.machine,
        index: assignment.index,
        phase: this.#phase.name,
        mode: run.mode,
        pingMs: health?.pingMs,
        pingP50Ms: health?.pingP50Ms,
        pingP99Ms: health?.pingP99Ms,
        lagMs: health?.peerLagMs,
        error: this.#phase.error,
        instances: fleet.status(),
      },
    ]
  }

  totalShards(): number {
    return this.#workload.running?.assignment.totalShards ?? 0
  }

  address(): { readonly host: string; readonly port: number } | undefined {
    return this.#server?.address
  }

  identity(): ManagerIdentity | undefined {
    return this.#links.identity
  }

  refusals(): ReadonlyMap<ErrorCode, number> {
    return this.#server?.refusals ?? new Map()
  }

  forgetPeer(name: string): boolean {
    return this.#links.forgetPeer(name)
  }

  async kill(instance: number): Promise<void> {
    await this.#workload.fleetOf(instance).kill(instance)
  }

  async create(instance: number): Promise<void> {
    await this.#workload.fleetOf(instance).create(instance)
  }

  async recreate(instance: number): Promise<void> {
    await this.#workload.fleetOf(instance).recreate(instance)
  }

  raw(instance: number): unknown {
    return this.#workload.running?.fleet.raw(instance)
  }

  #admit(peer: Peer): Admission {
    if (this.#isEnding)
      return { accept: false, code: 'DM_STOPPED', reason: 'this child is stopping' }
    const decision = this.#parent.admit(peer)
    if (!decision.accept) return decision
    const running = this.#workload.running
    return { accept: true, about: { running: running ? summary(running.assignment) : null } }
  }

  #sessionHandlers(): ParentHooks['handlers'] {
    return {
      apply: (wire, source, accepted) => this.#apply(wire, source, accepted),
      topology: (wire) => this.#network.setTopology(wire),
      control: (action, instance) => this[action](instance),
      stop: (reason) => this.#workload.stop(reason),
      dismissed: () => {
        if (this.#options.whenParentStops === 'exit') this.#onEvent({ type: 'dismissed' })
      },
      envelope: (envelope) => this.#network.router.fromLink(envelope, 'parent'),
      lost: (envelopes) => {
        for (const envelope of envelopes) this.#network.router.notDelivered(envelope)
      },
      health: (health) => this.#onHealth(health),
      warning: (error) => this.#onEvent({ type: 'warning', error }),
    }
  }

  async #apply(
    wire: unknown,
    source: AssignmentSource,
    accepted: (acceptance: Acceptance) => void,
  ): Promise<void> {
    let running: Running | undefined
    try {
      await this.#workload.apply(parseAssignment(wire), source, (acceptance) => {
        running = this.#workload.running
        accepted(acceptance)
      })
      this.#startEnded(running, { name: 'ready' })
    } catch (error) {
      if (error instanceof MachinesError && !isOvertaken(error)) {
        if (running) this.#startEnded(running, { name: 'failed', error })
        else this.#onEvent({ type: 'warning', error })
      }
      throw error
    }
  }

  /** Of a start that another assignment has overtaken nothing is to be seen any more. */
  #startEnded(running: Running | undefined, phase: Phase): void {
    if (this.#workload.running === running) this.#setPhase(phase)
  }

  #onBegun(): void {
    const assignment = this.#workload.running?.assignment
    if (assignment) this.#network.assign(assignment)
    this.#onEvent({ type: 'instances' })
    this.#setPhase({ name: 'starting' })
  }

  #onInstance(event: InstanceEvent): void {
    if (event.type === 'exited') this.#network.router.instanceGone(event.instance)
    this.#parent.session?.happened(event)
    const machine = this.#workload.running?.assignment.machine ?? ''
    this.#onEvent({ type: 'instance', machine, event })
    this.#workload.instanceChanged()
    const isHealed = this.#phase.name === 'failed' && this.#workload.isReady
    if (isHealed) this.#setPhase({ name: 'ready' })
  }

  #onHealth({ pingMs }: LinkHealth): void {
    if (pingMs === undefined || pingMs <= this.#options.link.pingWarningMs) return
    this.#onEvent({ type: 'slow', machine: 'parent', pingMs })
  }

  #createNetwork(): ChildNetwork {
    return new ChildNetwork({
      system: this.#system,
      acceptRemoteEval: this.#options.accept.eval,
      callTimeoutMs: this.#options.callTimeoutMs,
      uplink: () => {
        const { session } = this.#parent
        return session?.isReachable ? (envelope) => session.deliver(envelope) : undefined
      },
      deliver: (instance, envelope) =>
        this.#workload.running?.fleet.deliver(instance, envelope) ?? false,
      onUndelivered: (report) => this.#onEvent({ type: 'undelivered', report }),
      onWarning: (error) => this.#onEvent({ type: 'warning', error }),
    })
  }

  #fleetOptions(assignment: CheckedAssignment, run: RunOptions): FleetOptions {
    const { machine, totalShards, callTimeoutMs, instances } = assignment
    return {
      machine,
      totalShards,
      instances,
      run,
      callTimeoutMs,
      system: this.#system,
      writeOutput: writeLine,
      onEvent: (event) => this.#onInstance(event),
      flushed: () => this.flushed(),
      onEnvelope: (instance, envelope) => {
        this.#onEvent({ type: 'envelope', instance, envelope })
        this.#network.router.fromLocal(instance, envelope)
      },
      onNotTaken: (envelope) => this.#network.router.notDelivered(envelope),
      onUndelivered: (report) => this.#onEvent({ type: 'undelivered', report }),
      onWarning: (error) => this.#onEvent({ type: 'warning', error }),
      instanceCount: () => this.#network.instanceCount,
      hasShard: (shard) => this.#network.hasShard(shard),
      ipcIds: this.#ipcIds,
    }
  }

  #setPhase(phase: Phase): void {
    if (phase.name === this.#phase.name && phase.error === this.#phase.error) return
    this.#phase = phase
    const machine = this.#workload.running?.assignment.machine
    if (machine === undefined) return
    const { name, error } = phase
    this.#onEvent({ type: 'machine', machine, phase: name, ...(error ? { error } : {}) })
  }
}

/** Told to a returning parent in WELCOME, which is short: lists of shards follow after it. */
function summary({ machine, totalShards, instances }: CheckedAssignment) {
  return { machine, totalShards, instances: instances.length }
}
