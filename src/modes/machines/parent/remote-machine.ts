/**
 * The parent's view of one machine: what was assigned to it, what it reports, and what waits for its
 * answer. Knows messages; the link under it is handed in.
 */
import type { InstancePlan } from '../../../allocator/plan-types.js'
import { formatShards } from '../../../allocator/shard-lists.js'
import { MachinesError } from '../../../errors.js'
import type { InstanceEvent, InstanceStatus } from '../../local/fleet-types.js'
import type { MachinePhase } from '../../mode.js'
import type {
  Assignment,
  ChildMessage,
  ErrorReport,
  InstanceAction,
  LeaseTerms,
  ParentMessage,
  ParentSelf,
} from '../control-messages.js'
import { reportedError, someLines } from '../reported-error.js'
import { ControlCalls } from './control-calls.js'
import { MachinePhases } from './machine-phase.js'
import { RemoteInstances } from './remote-instances.js'

export type OwnershipMessage = Extract<
  ChildMessage,
  { op: 'running' | 'released' | 'lease' | 'round' | 'stopped' }
>

/** What a machine is told, but for its instances. */
export type Share = Omit<Assignment, 'instances'>

export interface RemoteMachineHooks {
  /** In whose name the machine is told what to run. */
  self(): ParentSelf
  /** False when nothing can be sent. */
  tell(message: ParentMessage): boolean
  onPhase(phase: MachinePhase, error: MachinesError | undefined): void
  onInstance(event: InstanceEvent): void
  /** What it says of its shards and leases, for whoever decides about them. */
  onOwnership(message: OwnershipMessage): void
  /** Whether it was told everything that is planned on it. */
  isWhole(): boolean
  /** The machine said something that does not fit. */
  onFault(what: string): void
}

/** What a child takes for one step of stopping, until it has said so itself: the option's default. */
const usualKillTimeoutMs = 5_000

export class RemoteMachine {
  readonly #share: Share
  readonly #hooks: RemoteMachineHooks
  readonly #phases: MachinePhases
  readonly #instances: RemoteInstances
  readonly #calls = new ControlCalls()
  #revision = 0
  /** What the last assignment of the session said. */
  #assigned: ReadonlySet<number> = new Set()
  #killTimeoutMs = usualKillTimeoutMs
  /** From the assignment of a session to the end of that session. */
  #hasSession = false
  /** Whether what it reports is about the assignment, and not about one that ran before. */
  #isAccepted = false
  #mayRun = false
  #stop: { readonly reason: string; settle(isConfirmed: boolean): void } | undefined

  constructor(share: Share, plans: readonly InstancePlan[], hooks: RemoteMachineHooks) {
    this.#share = share
    this.#hooks = hooks
    this.#instances = new RemoteInstances(plans)
    this.#phases = new MachinePhases((phase, error) => hooks.onPhase(phase, error))
  }

  get name(): string {
    return this.#share.machine
  }

  get phase(): MachinePhase {
    return this.#phases.phase
  }

  get error(): MachinesError | undefined {
    return this.#phases.error
  }

  get instances(): readonly InstanceStatus[] {
    return this.#instances.statuses
  }

  /** How long each step of stopping its instances may take, ms. */
  get killTimeoutMs(): number {
    return this.#killTimeoutMs
  }

  /** Whether it was told to run something, and has not confirmed that nothing runs any more. */
  get mayRun(): boolean {
    return this.#mayRun
  }

  /**
   * A new session with the child, which says what it runs before it is told anything; but for a
   * parent that is stopping, which has it stop whatever that is.
   */
  sessionBegan(): void {
    this.#hasSession = true
    // Until it has said what it runs.
    this.#mayRun = true
    if (this.#stop) this.#hooks.tell({ op: 'stop', reason: this.#stop.reason })
    else this.#phases.setWork('starting')
    this.#phases.setLink('up')
  }

  /** These are planned on it from now on, whether or not it was told so yet. */
  plan(plans: readonly InstancePlan[]): void {
    this.#instances.plan(plans)
  }

  /** Tells it what to run; `lease`: for how long without being granted more. */
  assign(revision: number, plans: readonly InstancePlan[], lease: LeaseTerms | null): void {
    if (this.#stop) return
    const assigned = new Set(plans.map(({ id }) => id))
    const isMore = [...assigned].some((id) => !this.#assigned.has(id))
    this.#revision = revision
    this.#assigned = assigned
    if (plans.length > 0) this.#mayRun = true
    if (isMore) this.#phases.setWork('starting')
    const instances = plans.map(({ id, shards }) => ({
      id,
      shards: formatShards(shards),
    }))
    const source = { ...this.#hooks.self(), revision }
    this.#hooks.tell({ op: 'assign', ...source, lease, assignment: { ...this.#share, instances } })
  }

  grant(n: number): void {
    this.#hooks.tell({ op: 'lease', n })
  }

  tellRound(round: number): void {
    this.#hooks.tell({ op: 'round', round })
  }

  /** The connection broke; its messages are kept for now. */
  connectionLost(error: MachinesError): void {
    this.#phases.setLink('lost', error)
  }

  /** The connection came back with its session: what was, still is. */
  connectionResumed(): void {
    this.#phases.setLink('up')
  }

  /** Nobody will answer what was asked in the session. */
  sessionLost(reason: MachinesError): void {
    this.#hasSession = false
    this.#isAccepted = false
    this.#assigned = new Set()
    this.#calls.failAll(reason)
  }

  /** The two managers do not get together, and time alone will hardly help. */
  refused(error: MachinesError): void {
    this.#phases.setLink('refused', error)
  }

  /** The child said goodbye. Where it stopped, it did so after its instances had ended. */
  childClosed(reason: MachinesError): void {
    this.sessionLost(reason)
    if (reason.code === 'DM_STOPPED') {
      this.#stopped()
      this.#hooks.onOwnership({ op: 'stopped' })
    }
    this.#stop?.settle(reason.code === 'DM_STOPPED')
    if (reason.code === 'DM_PARENT_REPLACED' || reason.code === 'DM_EPOCH_OLD') {
      // What runs there is not ours to stop any more.
      this.#mayRun = false
      this.#phases.setLink('refused', reason)
    } else this.#phases.setLink('closed')
  }

  /** This parent is done with it, after a stop (`closed`) or a detach. */
  partedAs(state: 'closed' | 'detached'): void {
    this.sessionLost(new MachinesError('DM_STOPPED', 'this parent has stopped'))
    // It was told to stop and did not confirm it: nothing better is known of it than that.
    if (state === 'closed' && this.#mayRun)
      this.#phases.setLink('lost', this.error ?? this.#offline())
    else this.#phases.setLink(state)
  }

  /** Asks the child to kill, create or recreate one instance; ends with its answer. */
  control(action: InstanceAction, instance: number): Promise<void> {
    const send = (call: number) =>
      // Before the assignment the child would not know the instance.
      this.#hasSession && this.#hooks.tell({ op: 'instance', call, action, instance })
    return this.#calls.begin(instance, send, () => this.#offline())
  }

  /**
   * Tells the child to stop its instances, again in every new session. Resolves true when it has
   * confirmed that all have exited, false when it will not; whoever asks sets the deadline.
   */
  askToStop(reason: string): Promise<boolean> {
    return new Promise((resolve) => {
      this.#stop = { reason, settle: resolve }
      if (this.#hasSession && !this.#hooks.tell({ op: 'stop', reason })) resolve(false)
    })
  }

  handle(message: ChildMessage): void {
    switch (message.op) {
      case 'accepted':
        if (message.revision === this.#revision) this.#accepted(message)
        break
      case 'refused':
        this.#refusedShare(message.revision, message.error)
        break
      case 'started':
        this.#settled(message.revision)
        break
      case 'failed':
        this.#settled(message.revision, () => startFailure(message.failures, this))
        break
      case 'event':
        this.#happened(message.event)
        break
      case 'instance-done':
        this.#callDone(message.call, message.error)
        break
      case 'stopped':
        this.#stopped()
        this.#hooks.onOwnership(message)
        this.#stop?.settle(true)
        break
      default:
        this.#owns(message)
    }
  }

  #owns(message: Exclude<OwnershipMessage, { op: 'stopped' }>): void {
    if (message.op === 'running') {
      this.#mayRun = message.instances.length > 0
      this.#assigned = new Set()
    }
    if (message.op === 'released' && message.revision === this.#revision) this.#instances.released()
    this.#hooks.onOwnership(message)
  }

  #refusedShare(revision: number, report: ErrorReport): void {
    // What runs there was given by a later parent and is not ours to stop.
    const isOurs = report.code !== 'DM_ASSIGNMENT_STALE'
    if (revision === this.#revision && !isOurs) this.#mayRun = false
    this.#settled(revision, () => reportedError(report, { machine: this.name }))
  }

  #accepted(message: Extract<ChildMessage, { op: 'accepted' }>): void {
    this.#isAccepted = true
    this.#killTimeoutMs = message.killTimeoutMs
    this.#instances.take(message.instances)
  }

  /** How the start ended. What is being stopped has no start any more that could fail. */
  #settled(revision: number, failure?: () => MachinesError): void {
    if (revision !== this.#revision || this.#stop) return
    const error = failure?.()
    if (error) this.#phases.setWork('failed', error)
    else if (this.#hooks.isWhole()) this.#phases.setWork('ready')
  }

  #happened(event: InstanceEvent): void {
    if (!this.#isAccepted) return
    if (!this.#instances.happened(event)) {
      this.#hooks.onFault(`an event of instance ${event.instance}, which it does not have`)
      return
    }
    this.#hooks.onInstance(event)
    const hasHealed = this.#phases.work === 'failed' && this.#instances.areReady
    if (hasHealed) this.#phases.setWork('ready')
  }

  #callDone(call: number, report: ErrorReport | undefined): void {
    const error =
      report && ((instance: number) => reportedError(report, { machine: this.name, instance }))
    if (!this.#calls.done(call, error)) this.#hooks.onFault(`an answer to call ${call}, never made`)
  }

  #stopped(): void {
    this.#mayRun = false
    this.#instances.stopped()
    this.#phases.setWork('stopped')
  }

  #offline(): MachinesError {
    const message = `machine ${this.name} cannot be reached now`
    return new MachinesError('DM_OFFLINE', message, { machine: this.name })
  }
}

function startFailure(
  failures: Extract<ChildMessage, { op: 'failed' }>['failures'],
  { name, instances }: RemoteMachine,
): MachinesError {
  const lines = failures.map(({ instance, message }) => `instance ${instance ?? '?'}: ${message}`)
  const shown = someLines(lines).join('; ')
  const message = `${failures.length} of ${instances.length} instances failed to start: ${shown}`
  return new MachinesError('DM_START_FAILED', message, {
    machine: name,
    failures: failures.map(({ instance, ...report }) =>
      reportedError(report, { machine: name, ...(instance === undefined ? {} : { instance }) }),
    ),
  })
}
