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
import { defaultStartTimeoutMs, identifiesPerDay } from './respawn.js'
import { dayMs, StartBudget } from './start-budget.js'

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
  readonly #cycles: ReadonlyMap<number, InstanceCycle>
  readonly #sessions: ReadonlyMap<number, number>
  readonly #budget: StartBudget
  readonly #startConcurrency: number
  /** Those in phase `waiting`, first come, first served: one that keeps failing holds up nobody. */
  readonly #queue = new Set<InstanceCycle>()
  #toldHeldAt: number | undefined

  constructor(plans: readonly InstancePlan[], policy: SupervisorPolicy) {
    this.#startConcurrency = policy.startConcurrency
    this.#sessions = new Map(plans.map(({ id, shards }) => [id, shards.length]))
    const shardsHere = plans.reduce((sum, { shards }) => sum + shards.length, 0)
    const { identifiesPerDayMax } = policy.respawn
    this.#budget = new StartBudget(
      identifiesPerDay(identifiesPerDayMax, shardsHere, policy.totalShards),
    )
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

  /**
   * The instance told its memory. Where that stays above the limit it is asked to stop and launched
   * again, but one at a time: all of them outgrow their limit together, and the bot must go on. When
   * the budget of session starts is used up it runs on: large is better than down.
   */
  memory(id: number, memoryMb: number, now: number): SupervisorAction[] {
    return this.#step(id, now, (cycle) => {
      const told = cycle.memory(memoryMb, now)
      if (!cycle.isTooLarge || this.#isRecycling()) return told
      const roomAt = this.#roomFor(cycle, now)
      // It is above the limit with every report until then; one of them is enough.
      if (roomAt > now) return this.#isNews(now) ? [...told, this.#held(cycle, roomAt, now)] : told
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

  #enqueue(cycle: InstanceCycle): void {
    if (cycle.phase === 'waiting') this.#queue.add(cycle)
    else this.#queue.delete(cycle)
  }

  #launchWaiting(now: number): SupervisorAction[] {
    const cycles = [...this.#cycles.values()]
    let free = this.#startConcurrency - cycles.filter(({ phase }) => phase === 'starting').length
    const actions: SupervisorAction[] = []
    for (const cycle of this.#queue) {
      if (free <= 0) break
      this.#queue.delete(cycle)
      const roomAt = cycle.mayBeHeld ? this.#roomFor(cycle, now) : now
      if (roomAt > now) {
        cycle.hold(roomAt)
        actions.push(this.#held(cycle, roomAt, now))
      } else {
        this.#budget.take(this.#sessionsOf(cycle), now)
        actions.push(...cycle.launch(now))
        free -= 1
      }
    }
    return actions
  }

  /** When the budget has room for a start of this instance; `now`: it has. */
  #roomFor(cycle: InstanceCycle, now: number): number {
    return this.#budget.roomAt(this.#sessionsOf(cycle), now)
  }

  /** A start costs one session per shard. */
  #sessionsOf({ id }: InstanceCycle): number {
    return this.#sessions.get(id) ?? 0
  }

  #held({ id }: InstanceCycle, until: number, now: number): SupervisorAction {
    const isNews = this.#isNews(now)
    if (isNews) this.#toldHeldAt = now
    const [delayMs, identifiesMax] = [until - now, this.#budget.max]
    const event = { type: 'respawn-held', instance: id, delayMs, identifiesMax, isNews } as const
    return { type: 'emit', event }
  }

  /** Once a day: a budget that is used up lets single instances through, one after the other. */
  #isNews(now: number): boolean {
    return this.#toldHeldAt === undefined || now - this.#toldHeldAt >= dayMs
  }
}
