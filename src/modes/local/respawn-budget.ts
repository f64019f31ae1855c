/**
 * Which respawns of one machine its budget of session starts allows, while instances come and go.
 * Pure.
 */
import type { InstancePlan } from '../../allocator/plan-types.js'
import type { InstanceEvent } from './fleet-types.js'
import { identifiesPerDay } from './respawn.js'
import { dayMs, StartBudget } from './start-budget.js'

export class RespawnBudget {
  readonly #given: number | undefined
  readonly #totalShards: number
  readonly #starts = new StartBudget(0)
  /** How many shards each instance serves: a start costs one session per shard. */
  readonly #shards = new Map<number, number>()
  #shardsHere = 0
  #toldHeldAt: number | undefined

  /** @param given the option identifiesPerDayMax. */
  constructor(given: number | undefined, totalShards: number) {
    this.#given = given
    this.#totalShards = totalShards
  }

  add(plans: readonly InstancePlan[]): void {
    for (const { id, shards } of plans) {
      this.#shards.set(id, shards.length)
      this.#shardsHere += shards.length
    }
    this.#follow()
  }

  /** The machine has the less to spend without it; what it has spent still counts. */
  remove(id: number): void {
    this.#shardsHere -= this.#sessionsOf(id)
    this.#shards.delete(id)
    this.#follow()
  }

  /** Counts a start of this instance. */
  take(id: number, now: number): void {
    this.#starts.take(this.#sessionsOf(id), now)
  }

  /** When there is room for a start of this instance; `now`: there is. */
  roomFor(id: number, now: number): number {
    return this.#starts.roomAt(this.#sessionsOf(id), now)
  }

  /** Once a day: a budget that is used up lets single instances through, one after the other. */
  isNews(now: number): boolean {
    return this.#toldHeldAt === undefined || now - this.#toldHeldAt >= dayMs
  }

  /** What is told of an instance that has to wait until then. */
  held(id: number, until: number, now: number): InstanceEvent {
    const isNews = this.isNews(now)
    if (isNews) this.#toldHeldAt = now
    const [delayMs, identifiesMax] = [until - now, this.#starts.max]
    return { type: 'respawn-held', instance: id, delayMs, identifiesMax, isNews }
  }

  #follow(): void {
    this.#starts.max = identifiesPerDay(this.#given, this.#shardsHere, this.#totalShards)
  }

  #sessionsOf(id: number): number {
    return this.#shards.get(id) ?? 0
  }
}
