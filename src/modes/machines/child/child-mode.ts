/** The child: stands by on its port, runs what its parent assigns, and keeps running without it. */
import { type ErrorCode, MachinesError } from '../../../errors.js'
import type { DialectMessage } from '../../../instances/dialects/dialect.js'
import type { IpcIds } from '../../../instances/ipc-ids.js'
import type { ManagerIdentity } from '../../../link/identity.js'
import type { LinkHealth, Peer } from '../../../link/link.js'
import type { Admission, LinkServer } from '../../../link/link-server.js'
import { applyPush } from '../../../options/apply-push.js'
import { onlyGiven } from '../../../options/only-given.js'
import { processEnvironment } from '../../../options/options-environment.js'
import type { ResolvedChild } from '../../../options/resolved-options.js'
import type { Calls } from '../../../routing/calls.js'
import type { System } from '../../../system/system.js'
import type { InstanceEvent } from '../../local/fleet-types.js'
import { type FleetFactory, launchedFleet } from '../../local/launched-fleet.js'
import type { MachineStatus, ManagerMode, ModeEvent } from '../../mode.js'
import type { AssignmentSource, LeaseTerms } from '../control-messages.js'
import { parseAssignment } from './assignment-parser.js'
import { ChildDoor } from './child-door.js'
import { childFleetOptions, type FleetSurroundings } from './child-fleet.js'
import type { ChildLinkHandlers, ChildLinks } from './child-links.js'
import type { ChildMemory } from './child-memory.js'
import { ChildNetwork } from './child-network.js'
import { ChildStatus, summaryOf } from './child-status.js'
import { ChildWorkload, type Progress, type Running } from './child-workload.js'
import { CurrentParent, type ParentHooks } from './current-parent.js'
import { LeaseKeeper } from './lease-keeper.js'
import type { RunningReport } from './running-report.js'
import { isOvertaken } from './start-watch.js'

export class ChildMode implements ManagerMode {
  readonly #options: ResolvedChild
  readonly #system: System
  readonly #onEvent: (event: ModeEvent) => void
  readonly #links: Pick<ChildLinks, 'serve' | 'identity' | 'forgetPeer'>
  readonly #ipcIds: IpcIds
  readonly #workload: ChildWorkload
  readonly #lease: LeaseKeeper
  readonly #status: ChildStatus
  readonly #network: ChildNetwork
  readonly #door: ChildDoor
  readonly #memory: ChildMemory | undefined
  readonly #parent: CurrentParent
  #serving: Promise<LinkServer> | undefined
  #server: LinkServer | undefined
  #isEnding = false

  /** Without a `memory` each start of the child is its first. */
  constructor(
    options: ResolvedChild,
    links: Pick<ChildLinks, 'serve' | 'identity' | 'forgetPeer'>,
    system: System,
    onEvent: (event: ModeEvent) => void,
    ipcIds: IpcIds,
    newFleet: FleetFactory = launchedFleet,
    memory?: ChildMemory,
  ) {
    this.#options = options
    this.#system = system
    this.#onEvent = onEvent
    this.#links = links
    this.#ipcIds = ipcIds
    this.#memory = memory
    this.#door = new ChildDoor(options.takeover, system, onEvent, {
      ...onlyGiven({ epochs: memory?.epochs }),
      leaseLeftMs: () => this.#lease.leftMs,
    })
    this.#network = this.#createNetwork()
    this.#parent = new CurrentParent(system, this.#door, {
      handlers: this.#sessionHandlers(),
      unreachable: () => this.#network.router.machineLost('parent'),
    })
    this.#lease = this.#createLease()
    this.#workload = this.#createWorkload(newFleet)
    this.#status = new ChildStatus(() => this.#workload.running, onEvent)
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
    this.#memory?.open(onWarning)
    this.#serving = this.#links.serve(handlers, onWarning)
    this.#server = await this.#serving
    if (!this.#isEnding) {
      this.#memory?.serving()
      return
    }
    // stop() has come while the port was being opened, and closes it.
    throw new MachinesError('DM_START_ABORTED', 'the manager was stopped while starting')
  }

  async stop(reason: string): Promise<void> {
    this.#isEnding = true
    this.#lease.freed()
    this.#memory?.close()
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
    return this.#status.machines(this.#parent.session?.link.health)
  }

  machine(name: string): MachineStatus | undefined {
    return this.machines().find((machine) => machine.name === name)
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
    const knewKey = this.#links.forgetPeer(name)
    return this.#memory?.epochs.forget() || knewKey
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
    return { accept: true, about: { running: running ? summaryOf(running) : null } }
  }

  #sessionHandlers(): ParentHooks['handlers'] {
    return {
      began: (tell) => this.#report(tell),
      apply: (...assignment) => this.#apply(...assignment),
      linked: (isNew) => this.#lease.linked(isNew),
      unlinked: () => this.#lease.unlinked(),
      granted: (n) => this.#lease.granted(n),
      topology: (wire) => this.#network.setTopology(wire),
      patchTopology: (wire) => this.#network.patchTopology(wire),
      control: (action, instance) => this[action](instance),
      stop: (reason) => {
        this.#lease.freed()
        return this.#workload.stop(reason)
      },
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

  #report(tell: (report: RunningReport) => void): void {
    this.#workload.report((report) => tell({ ...report, lease: this.#lease.terms }))
  }

  async #apply(
    wire: unknown,
    source: AssignmentSource,
    lease: LeaseTerms | null,
    progress: Omit<Progress, 'taken'>,
  ): Promise<void> {
    let running: Running | undefined
    try {
      await this.#workload.apply(parseAssignment(wire), source, {
        taken: ({ killTimeoutMs }) => this.#lease.assigned(lease, source.revision, killTimeoutMs),
        accepted: (acceptance) => {
          running = this.#workload.running
          progress.accepted(acceptance)
        },
        released: () => progress.released(),
      })
      if (this.#workload.running === running) this.#status.set('ready')
    } catch (error) {
      if (error instanceof MachinesError && !isOvertaken(error)) this.#notStarted(running, error)
      throw error
    }
  }

  /** Of a start that another assignment has overtaken nothing is to be seen any more. */
  #notStarted(running: Running | undefined, error: MachinesError): void {
    if (!running) this.#onEvent({ type: 'warning', error })
    else if (this.#workload.running === running) this.#status.set('failed', error)
  }

  #onInstance(event: InstanceEvent): void {
    this.#memory?.happened(event)
    if (event.type === 'exited') this.#network.router.instanceGone(event.instance)
    this.#parent.session?.happened(event)
    const machine = this.#workload.running?.assignment.machine ?? ''
    this.#onEvent({ type: 'instance', machine, event })
    this.#workload.happened(event)
    const isHealed = this.#status.phase === 'failed' && this.#workload.isReady
    if (isHealed) this.#status.set('ready')
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

  #createLease(): LeaseKeeper {
    return new LeaseKeeper(this.#system, {
      ask: (request) => this.#parent.session?.askLease(request),
      killTimeoutMs: () => this.#workload.running?.run.killTimeoutMs ?? 0,
      stop: (reason) => this.#workload.stop(reason),
      stopped: () => this.#report((report) => this.#parent.session?.tellRunning(report)),
      warning: (error) => this.#onEvent({ type: 'warning', error }),
    })
  }

  #createWorkload(newFleet: FleetFactory): ChildWorkload {
    const { takeover } = this.#options
    const around: FleetSurroundings = {
      system: this.#system,
      ipcIds: this.#ipcIds,
      network: this.#network,
      onInstance: (event) => this.#onInstance(event),
      onEvent: (event) => this.#onEvent(event),
      flushed: () => this.flushed(),
    }
    return new ChildWorkload(
      { takeover, ...onlyGiven({ after: this.#memory?.formerGone }) },
      {
        runOptions: ({ push }) => applyPush(this.#options, push, processEnvironment()),
        createFleet: (assignment, run) => {
          const fleet = newFleet(childFleetOptions(assignment, run, around))
          this.#lease.attach(fleet)
          return fleet
        },
        mayStart: () => this.#lease.mayStart(),
        begun: ({ assignment }) => {
          this.#network.assign(assignment)
          this.#status.set('starting')
        },
        growing: () => this.#status.set('starting'),
        ended: () => this.#status.set('stopped'),
        cleared: () => {
          this.#lease.detach()
          this.#onEvent({ type: 'instances' })
        },
      },
    )
  }
}
