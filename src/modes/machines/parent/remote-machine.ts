/**
 * The parent's view of one machine: what was assigned to it, what it reports, and the control calls
 * that wait for its answer. Knows messages and phases; the link under it is handed in.
 */
import type { InstancePlan } from '../../../allocator/plan-types.js'
import { formatRanges, listToRanges } from '../../../allocator/shard-lists.js'
import { isErrorCode, MachinesError } from '../../../errors.js'
import type { InstanceEvent, InstancePhase, InstanceStatus } from '../../local/fleet-types.js'
import type { MachinePhase } from '../../mode.js'
import {
  type Assignment,
  type ChildMessage,
  type ErrorReport,
  encodeControl,
  encodeEnvelopeMessage,
  type InstanceAction,
  type ParentMessage,
} from '../control-messages.js'

export interface RemoteMachineHooks {
  /** Queues bytes on the link; false when nothing can be sent. */
  send(bytes: Uint8Array): boolean
  onPhase(phase: MachinePhase, error: MachinesError | undefined): void
  onInstance(event: InstanceEvent): void
}

interface PendingCall {
  resolve(): void
  reject(error: MachinesError): void
}

const phaseOf: Readonly<Record<InstanceEvent['type'], InstancePhase>> = {
  spawned: 'starting',
  ready: 'ready',
  exited: 'backoff',
  respawning: 'backoff',
  'crash-loop': 'crash-loop',
  'start-failed': 'backoff',
  stopped: 'stopped',
}

export class RemoteMachine {
  readonly assignment: Assignment
  readonly #hooks: RemoteMachineHooks
  readonly #instances: Map<number, InstanceStatus>
  readonly #calls: Map<number, PendingCall> = new Map()
  #phase: MachinePhase = 'dialling'
  #error: MachinesError | undefined
  #revision = 0
  #killTimeoutMs = 0
  #nextCall = 1
  #stopped: ((confirmed: boolean) => void) | undefined

  constructor(
    assignment: Omit<Assignment, 'instances'>,
    instances: readonly InstancePlan[],
    hooks: RemoteMachineHooks,
  ) {
    this.assignment = {
      ...assignment,
      instances: instances.map(({ id, shards }) => ({
        id,
        shards: formatRanges(listToRanges(shards)),
      })),
    }
    this.#hooks = hooks
    this.#instances = new Map(instances.map((plan) => [plan.id, waiting(plan)]))
  }

  /** How long each step of stopping its instances may take, ms, as the child said. */
  get killTimeoutMs(): number {
    return this.#killTimeoutMs
  }

  get name(): string {
    return this.assignment.machine
  }

  get phase(): MachinePhase {
    return this.#phase
  }

  get error(): MachinesError | undefined {
    return this.#error
  }

  get instances(): readonly InstanceStatus[] {
    return [...this.#instances.values()]
  }

  /** A new session with the child: it may have restarted, so it is told its share (again). */
  assign(): void {
    this.#revision += 1
    this.#setPhase('starting')
    this.#tell({ op: 'assign', revision: this.#revision, assignment: this.assignment })
  }

  deliver(envelope: Uint8Array): boolean {
    return this.#hooks.send(encodeEnvelopeMessage(envelope))
  }

  tell(message: ParentMessage): void {
    this.#tell(message)
  }

  /** Asks the child to kill, create or recreate one instance; ends with its answer. */
  control(action: InstanceAction, instance: number): Promise<void> {
    const call = this.#nextCall++
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject })
      if (!this.#tell({ op: 'instance', call, action, instance })) {
        this.#calls.delete(call)
        reject(this.#offline())
      }
    })
  }

  /** Tells the child to stop its instances; resolves true when it confirmed that all have exited. */
  askToStop(reason: string): Promise<boolean> {
    return new Promise((resolve) => {
      this.#stopped = resolve
      if (!this.#tell({ op: 'stop', reason })) resolve(false)
    })
  }

  /** The connection broke; its messages are kept for now. */
  markLost(error: MachinesError): void {
    if (this.#phase !== 'failed') this.#setPhase('lost', error)
  }

  /** The connection came back with its session: what was, still is. */
  markResumed(): void {
    if (this.#phase === 'lost') this.#setPhase(this.#allReady() ? 'ready' : 'starting')
  }

  markFailed(error: MachinesError): void {
    this.#setPhase('failed', error)
  }

  markStopped(): void {
    this.#setPhase('stopped')
  }

  /** The session is gone: nobody will answer what was asked in it. */
  failCalls(reason: MachinesError): void {
    this.#stopped?.(false)
    this.#stopped = undefined
    for (const call of this.#calls.values()) call.reject(reason)
    this.#calls.clear()
  }

  handle(message: ChildMessage): void {
    switch (message.op) {
      case 'accepted':
        this.#accepted(message)
        break
      case 'refused':
        this.#failed(message.revision, errorOf(message.error, this.name))
        break
      case 'started':
        if (message.revision === this.#revision) this.#setPhase('ready')
        break
      case 'failed':
        this.#failed(message.revision, startFailure(message.failures, this))
        break
      case 'event':
        this.#instanceEvent(message.event)
        break
      case 'instance-done':
        this.#callDone(message.call, message.error)
        break
      case 'stopped':
        this.#stopped?.(true)
        this.#stopped = undefined
        break
    }
  }

  #accepted(message: Extract<ChildMessage, { op: 'accepted' }>): void {
    if (message.revision !== this.#revision) return
    this.#killTimeoutMs = message.killTimeoutMs
    for (const status of message.instances) {
      const planned = this.#instances.get(status.id)
      if (planned) this.#instances.set(status.id, { ...status, shards: planned.shards })
    }
  }

  #failed(revision: number, error: MachinesError): void {
    if (revision === this.#revision) this.#setPhase('failed', error)
  }

  #instanceEvent(event: InstanceEvent): void {
    const known = this.#instances.get(event.instance)
    if (!known) return
    const pid = event.type === 'spawned' ? event.pid : known.pid
    const respawns = known.respawns + (event.type === 'respawning' ? 1 : 0)
    this.#instances.set(event.instance, { ...known, phase: phaseOf[event.type], pid, respawns })
    this.#hooks.onInstance(event)
    if (this.#phase === 'failed' && this.#allReady()) this.#setPhase('ready')
  }

  #callDone(call: number, error: ErrorReport | undefined): void {
    const pending = this.#calls.get(call)
    this.#calls.delete(call)
    if (error) pending?.reject(errorOf(error, this.name))
    else pending?.resolve()
  }

  #allReady(): boolean {
    return this.instances.every(({ phase }) => phase === 'ready')
  }

  #tell(message: ParentMessage): boolean {
    return this.#hooks.send(encodeControl(message))
  }

  #setPhase(phase: MachinePhase, error?: MachinesError): void {
    if (phase === this.#phase && error === this.#error) return
    this.#phase = phase
    this.#error = error
    this.#hooks.onPhase(phase, error)
  }

  #offline(): MachinesError {
    return new MachinesError('DM_OFFLINE', `machine ${this.name} cannot be reached now`, {
      machine: this.name,
    })
  }
}

function waiting(plan: InstancePlan): InstanceStatus {
  return { ...plan, phase: 'waiting', pid: undefined, respawns: 0 }
}

function startFailure(
  failures: Extract<ChildMessage, { op: 'failed' }>['failures'],
  machine: RemoteMachine,
): MachinesError {
  const total = machine.instances.length
  const lines = failures.map(({ instance, message }) => `instance ${instance ?? '?'}: ${message}`)
  return new MachinesError(
    'DM_START_FAILED',
    `${failures.length} of ${total} instances failed to start: ${lines.join('; ')}`,
    {
      machine: machine.name,
      failures: failures.map((failure) => errorOf(failure, machine.name, failure.instance)),
    },
  )
}

/** An error as the child reported it; a code that this version does not know becomes DM_REMOTE. */
function errorOf(report: ErrorReport, machine: string, instance?: number): MachinesError {
  return new MachinesError(isErrorCode(report.code) ? report.code : 'DM_REMOTE', report.message, {
    machine,
    ...(instance === undefined ? {} : { instance }),
  })
}
