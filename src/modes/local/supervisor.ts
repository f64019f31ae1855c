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
import { RespawnBudget } from './respawn-budget.js'

export type SupervisorPolicy = Pick<
  RunOptions,
  'startTimeoutMs' | 'startConcurrency' | 'killTimeoutMs' | 'respawn' | 'maxMemoryMb'
> & {
  /** Of the whole bot. */
  readonly totalShards: number
  /** In [0, 1), for jitter. */
  readonly random: () => number
}

export interface CycleView {
  readonly id: number
  readonly phase: InstancePhase
  readonly respawns: number
  /** As last reported; undefined while it is down. */
  readonly memoryMb: number | undefined
  /** Whether the budget of session starts keeps it down. */
  readonly isHeld: boolean
}

export class Supervisor {
  readonly #policy: SupervisorPolicy
  readonly #cycles = new Map<number, InstanceCycle>()
  readonly #budget: RespawnBudget
  /** Those in phase `waiting`, first come, first served: one that keeps failing holds up nobody. */
  readonly #queue = new Set<InstanceCycle>()
  /** Those that are to be forgotten once they are down. */
  readonly #leaving = new Set<InstanceCycle>()

  constructor(plans: readonly InstancePlan[], policy: SupervisorPolicy) {
    this.#policy = policy
    this.#budget = new RespawnBudget(policy.respawn.identifiesPerDayMax, policy.totalShards)
    this.add(plans, 0)
  }

  /** Takes further instances, which are down until create(). Throws DM_STATE for an id that is here. */
  add(plans: readonly InstancePlan[], now: number): void {
    this.#refuseTaken(plans)
    for (const { id, shards } of plans) {
      const startTimeoutMs = this.#policy.startTimeoutMs ?? defaultStartTimeoutMs(shards.length)
      this.#cycles.set(id, new InstanceCycle(id, { ...this.#policy, startTimeoutMs }))
    }
    this.#budget.add(plans)
    // More shards may start more sessions, so those that are held need not wait so long.
    for (const cycle of this.#cycles.values()) {
      if (cycle.isHeld) cycle.hold(this.#budget.roomFor(cycle.id, now))
    }
  }

  /** Wants the instance up; ends in exactly one `start-settled`. Throws DM_STATE of one that leaves. */
  create(id: number, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => {
      if (!this.#leaving.has(cycle)) return cycle.wantUp()
      throw new MachinesError('DM_STATE', `instance ${id} is being removed`, { instance: id })
    })
  }

  /** Wants the instance down; ends in a `down` action. */
  stop(id: number, reason: string, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => cycle.stop(reason, now))
  }

  /** Stops every instance. What a stopping one makes room for is not launched any more. */
  stopAll(reason: string, now: number): SupervisorAction[] {
    return this.#stopEach([...this.#cycles.values()], reason, now)
  }

  /** Wants these down for good; forget() is for each of them when its `down` is carried out. */
  remove(ids: readonly number[], reason: string, now: number): SupervisorAction[] {
    const cycles = ids.map((id) => this.#cycle(id))
    for (const cycle of cycles) this.#leaving.add(cycle)
    return [...this.#stopEach(cycles, reason, now), ...this.#launchWaiting(now)]
  }

  /** Drops one that was removed and is down; false: it was not, or is not yet. */
  forget(id: number): boolean {
    const cycle = this.#cycles.get(id)
    if (cycle === undefined || !this.#leaving.has(cycle) || !this.isDown(id)) return false
    this.#leaving.delete(cycle)
    this.#cycles.delete(id)
    this.#budget.remove(id)
    return true
  }

  /** Whether its last exit is confirmed, and nobody wants it up. */
  isDown(id: number): boolean {
    return this.#cycles.get(id)?.phase === 'stopped'
  }

  /** Whether it is here, and not about to be forgotten. */
  isStaying(id: number): boolean {
    const cycle = this.#cycles.get(id)
    return cycle !== undefined && !this.#leaving.has(cycle)
  }

  /** The bot reported ready. */
  ready(id: number, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => cycle.ready(now))
  }

  /** The bot reported that it cannot start. */
  startFailed(id: number, error: MachinesError, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => cycle.startFailed(error, now))
  }

  /**
   * The instance told its memory. Where that stays above the limit it is asked to stop and launched
   * again, but one at a time: all of them outgrow their limit together, and the bot must go on. When
   * the budget of session starts is used up it runs on: large is better than down.
   */
  memory(id: number, memoryMb: number, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => {
      const told = cycle.memory(memoryMb, now)
      if (!cycle.isTooLarge || this.#isRecycling()) return told
      const roomAt = this.#budget.roomFor(id, now)
      // It is above the limit with every report until then; one of them is enough.
      if (roomAt > now) {
        return this.#budget.isNews(now) ? [...told, this.#held(id, roomAt, now)] : told
      }
      return [...told, ...cycle.recycle(memoryMb, now)]
    })
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

  #isRecycling(): boolean {
    return [...this.#cycles.values()].some(({ isRecycling }) => isRecycling)
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

  #stopEach(cycles: readonly InstanceCycle[], reason: string, now: number): SupervisorAction[] {
    return cycles.flatMap((cycle) => {
      const actions = cycle.stop(reason, now)
      this.#enqueue(cycle)
      return actions
    })
  }

  #enqueue(cycle: InstanceCycle): void {
    if (cycle.phase === 'waiting') this.#queue.add(cycle)
    else this.#queue.delete(cycle)
  }

  #launchWaiting(now: number): SupervisorAction[] {
    const cycles = [...this.#cycles.values()]
    const starting = cycles.filter(({ phase }) => phase === 'starting').length
    let free = this.#policy.startConcurrency - starting
    const actions: SupervisorAction[] = []
    for (const cycle of this.#queue) {
      if (free <= 0) break
      this.#queue.delete(cycle)
      const roomAt = cycle.mayBeHeld ? this.#budget.roomFor(cycle.id, now) : now
      if (roomAt > now) {
        cycle.hold(roomAt)
        actions.push(this.#held(cycle.id, roomAt, now))
      } else {
        this.#budget.take(cycle.id, now)
        actions.push(...cycle.launch(now))
        free -= 1
      }
    }
    return actions
  }

  #held(id: number, until: number, now: number): SupervisorAction {
    return { type: 'emit', event: this.#budget.held(id, until, now) }
  }

  #refuseTaken(plans: readonly InstancePlan[]): void {
    const given = new Set<number>()
    for (const { id } of plans) {
      if (this.#cycles.has(id) || given.has(id)) {
        throw new MachinesError('DM_STATE', `instance ${id} is here already`, { instance: id })
      }
      given.add(id)
    }
  }
}
