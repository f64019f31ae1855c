/** Counts everything that happens to the fake Discord. */
import { fakeDiscordBounds } from './bounds.js'
import type { Violation, ViolationReason } from './refusals.js'

/** What has happened since the start; a snapshot. */
export interface FakeDiscordStats {
  /** HTTP requests by method and route, as `GET /gateway/bot`; ids and secrets in paths are masked. */
  readonly httpRequests: Readonly<Record<string, number>>
  /** WebSocket connections that were opened. */
  readonly connections: number
  /** Sessions that an IDENTIFY began, and those of them that are over. */
  readonly sessionsOpened: number
  readonly sessionsClosed: number
  /** Accepted IDENTIFYs, all and by shard. */
  readonly identifies: number
  readonly identifiesByShard: Readonly<Record<number, number>>
  /** Accepted RESUMEs. */
  readonly resumes: number
  readonly heartbeats: number
  readonly presenceUpdates: number
  readonly memberRequests: number
  readonly voiceStateUpdates: number
  readonly soundboardRequests: number
  /** Events that were sent, READY and RESUMED among them. */
  readonly dispatches: number
  /** How often something was refused, by reason. */
  readonly refusals: Readonly<Partial<Record<ViolationReason, number>>>
  /** What was refused, in order; the first 1,000 (`fakeDiscordBounds.violationsKept`). */
  readonly violations: readonly Violation[]
}

type Count = {
  [Name in keyof FakeDiscordStats]: FakeDiscordStats[Name] extends number ? Name : never
}[keyof FakeDiscordStats]

export class Tally {
  readonly #counts: Record<Count, number> = {
    connections: 0,
    sessionsOpened: 0,
    sessionsClosed: 0,
    identifies: 0,
    resumes: 0,
    heartbeats: 0,
    presenceUpdates: 0,
    memberRequests: 0,
    voiceStateUpdates: 0,
    soundboardRequests: 0,
    dispatches: 0,
  }
  readonly #routes = new Map<string, number>()
  readonly #identifies = new Map<number, number>()
  readonly #refusals = new Map<ViolationReason, number>()
  readonly #violations: Violation[] = []

  get stats(): FakeDiscordStats {
    return {
      ...this.#counts,
      httpRequests: Object.fromEntries(this.#routes),
      identifiesByShard: Object.fromEntries(this.#identifies),
      refusals: Object.fromEntries(this.#refusals),
      violations: [...this.#violations],
    }
  }

  count(what: Count): void {
    this.#counts[what] += 1
  }

  countIdentify(shard: number): void {
    this.count('identifies')
    increase(this.#identifies, shard)
  }

  /** Unlike shards, routes are made up by the client, so their number is bounded. */
  countRoute(route: string): void {
    const isRoom = this.#routes.size < fakeDiscordBounds.routesCounted || this.#routes.has(route)
    increase(this.#routes, isRoom ? route : 'other')
  }

  countRefusal(violation: Violation): void {
    increase(this.#refusals, violation.reason)
    if (this.#violations.length < fakeDiscordBounds.violationsKept) this.#violations.push(violation)
  }
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
