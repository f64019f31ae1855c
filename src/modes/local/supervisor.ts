/**
 * Decides when instances are launched, asked to stop, killed and started again. Pure: events and
 * `now` in, actions out; the fleet carries them out in order.
 */
import type { InstancePlan } from '../../allocator/plan-types.js'
import { MachinesError } from '../../errors.js'
import type { RunOptions } from '../../options/resolved-options.js'
import type { InstancePhase } from './fleet-types.js'
import { InstanceCycle, type SupervisorAction } from './instance-cycle.js'
import type { InstanceExit } from './launcher.js'
import { defaultStartTimeoutMs } from './respawn.js'

export type SupervisorPolicy = Pick<
  RunOptions,
  'startTimeoutMs' | 'startConcurrency' | 'killTimeoutMs' | 'respawn'
> & {
  /** In [0, 1), for jitter. */
  readonly random: () => number
}

export interface CycleView {
  readonly id: number
  readonly phase: InstancePhase
  readonly respawns: number
}

export class Supervisor {
  readonly #cycles: ReadonlyMap<number, InstanceCycle>
  readonly #startConcurrency: number
  /** Those in phase `waiting`, first come, first served: one that keeps failing holds up nobody. */
  readonly #queue = new Set<InstanceCycle>()

  constructor(plans: readonly InstancePlan[], policy: SupervisorPolicy) {
    this.#startConcurrency = policy.startConcurrency
    this.#cycles = new Map(
      plans.map(({ id, shards }) => {
        const startTimeoutMs = policy.startTimeoutMs ?? defaultStartTimeoutMs(shards.length)
        return [id, new InstanceCycle(id, { ...policy, startTimeoutMs })]
      }),
    )
  }

  /** Wants the instance up; ends in exactly one `start-settled` action. */
  create(id: number, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => cycle.wantUp())
  }

  /** Wants the instance down; ends in a `down` action. */
  stop(id: number, reason: string, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => cycle.stop(reason, now))
  }

  /** Stops every instance. What a stopping one makes room for is not launched any more. */
  stopAll(reason: string, now: number): SupervisorAction[] {
    return [...this.#cycles.values()].flatMap((cycle) => {
      const actions = cycle.stop(reason, now)
      this.#enqueue(cycle)
      return actions
    })
  }

  /** The bot reported ready. */
  ready(id: number, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => cycle.ready(now))
  }

  /** The bot reported that it cannot start. */
  startFailed(id: number, error: MachinesError, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => cycle.startFailed(error, now))
  }

  /** The local channel closed, or made no sense. */
  channelLost(id: number, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => cycle.channelLost(now))
  }

  /** The system confirmed the exit, or the launch failed. To be called once per `launch` action. */
  exited(id: number, exit: InstanceExit, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => cycle.exited(exit, now))
  }

  /** To be called at {@link deadline}; calling it earlier or more often does no harm. */
  tick(now: number): SupervisorAction[] {
    const actions = [...this.#cycles.values()].flatMap((cycle) => {
      const own = cycle.tick(now)
      this.#enqueue(cycle)
      return own
    })
    return [...actions, ...this.#launchWaiting(now)]
  }

  /** When tick() has something to do next; undefined while nothing is waited for. */
  deadline(): number | undefined {
    let earliest: number | undefined
    for (const { deadline } of this.#cycles.values()) {
      if (deadline !== undefined && deadline < (earliest ?? Infinity)) earliest = deadline
    }
    return earliest
  }

  /** State of one instance. Throws DM_INSTANCE_UNKNOWN. */
  view(id: number): CycleView {
    return this.#cycle(id)
  }

  #cycle(id: number): InstanceCycle {
    const cycle = this.#cycles.get(id)
    if (cycle !== undefined) return cycle
    throw new MachinesError('DM_INSTANCE_UNKNOWN', `no instance of this machine has the id ${id}`)
  }

  #step(
    id: number,
    now: number,
    change: (cycle: InstanceCycle) => SupervisorAction[],
  ): SupervisorAction[] {
    const cycle = this.#cycle(id)
    const actions = change(cycle)
    this.#enqueue(cycle)
    return [...actions, ...this.#launchWaiting(now)]
  }

  #enqueue(cycle: InstanceCycle): void {
    if (cycle.phase === 'waiting') this.#queue.add(cycle)
    else this.#queue.delete(cycle)
  }

  #launchWaiting(now: number): SupervisorAction[] {
    const cycles = [...this.#cycles.values()]
    const starting = cycles.filter(({ phase }) => phase === 'starting').length
    const free = Math.max(0, this.#startConcurrency - starting)
    return [...this.#queue].slice(0, free).flatMap((cycle) => {
      this.#queue.delete(cycle)
      return cycle.launch(now)
    })
  }
}
