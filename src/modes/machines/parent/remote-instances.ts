/** The instances of one machine as its parent knows them: the plan, and what the machine reports. */
import type { InstancePlan } from '../../../allocator/plan-types.js'
import type { InstanceEvent, InstancePhase, InstanceStatus } from '../../local/fleet-types.js'

/** Phases after an event. What becomes of gateway connections is no phase. A failed start is told beside the exit or crash loop that it ends in. */
const phaseAfter: Readonly<Record<InstanceEvent['type'], InstancePhase | undefined>> = {
  spawned: 'starting',
  ready: 'ready',
  gateway: undefined,
  exited: 'backoff',
  respawning: 'backoff',
  'crash-loop': 'crash-loop',
  'start-failed': undefined,
  stopped: 'stopped',
  // It waits in `backoff` already; or runs on, where its memory was the reason.
  'respawn-held': undefined,
  memory: undefined,
  'memory-limit': 'stopping',
}

const waiting = {
  phase: 'waiting',
  pid: undefined,
  respawns: 0,
  memoryMb: undefined,
  isHeld: false,
} as const

export class RemoteInstances {
  #statuses = new Map<number, InstanceStatus>()
  /** Moved away, and perhaps not gone yet: what is still heard of them is true, and no fault. */
  readonly #leaving = new Set<number>()

  constructor(plans: readonly InstancePlan[]) {
    this.plan(plans)
  }

  /** These are on the machine from now on; what is known of those that stay is kept. */
  plan(plans: readonly InstancePlan[]): void {
    const known = this.#statuses
    for (const id of known.keys()) this.#leaving.add(id)
    this.#statuses = new Map(
      plans.map((plan) => [plan.id, known.get(plan.id) ?? { ...plan, ...waiting }]),
    )
    for (const { id } of plans) this.#leaving.delete(id)
  }

  /** Everything that is not planned here has exited. */
  released(): void {
    this.#leaving.clear()
  }

  get statuses(): readonly InstanceStatus[] {
    return [...this.#statuses.values()]
  }

  get areReady(): boolean {
    return this.statuses.every(({ phase }) => phase === 'ready')
  }

  /** What the machine says of its instances now; shards are known better here. */
  take(reported: readonly InstanceStatus[]): void {
    for (const status of reported) {
      const planned = this.#statuses.get(status.id)
      if (planned) this.#set({ ...status, shards: planned.shards })
    }
  }

  /** False: there is no such instance on this machine. */
  happened(event: InstanceEvent): boolean {
    const known = this.#statuses.get(event.instance)
    if (!known) return this.#leaving.has(event.instance)
    const phase = phaseAfter[event.type] ?? known.phase
    const isRespawn = event.type === 'respawning' || event.type === 'memory-limit'
    const respawns = known.respawns + (isRespawn ? 1 : 0)
    const pid = pidAfter(event, known)
    const memoryMb = memoryAfter(event, known)
    const isHeld = phase === 'backoff' && (event.type === 'respawn-held' || known.isHeld)
    this.#set({ ...known, phase, respawns, pid, memoryMb, isHeld })
    return true
  }

  /** Every exit was confirmed. */
  stopped(): void {
    for (const status of this.statuses) {
      this.#set({ ...status, phase: 'stopped', ...nothing })
    }
  }

  #set(status: InstanceStatus): void {
    this.#statuses.set(status.id, status)
  }
}

const nothing = { pid: undefined, memoryMb: undefined, isHeld: false } as const

function memoryAfter(event: InstanceEvent, { memoryMb }: InstanceStatus): number | undefined {
  if (event.type === 'memory' || event.type === 'memory-limit') return event.memoryMb
  return event.type === 'exited' ? undefined : memoryMb
}

function pidAfter(event: InstanceEvent, { pid }: InstanceStatus): number | undefined {
  if (event.type === 'spawned') return event.pid
  return event.type === 'exited' ? undefined : pid
}
