/** All sessions of the fake gateway: at most one for each shard, which bounds them. */
import { MachinesError } from '../../errors.js'
import { type FakeDiscordSession, GatewaySession, type SessionStart } from './gateway-session.js'
import type { Tally } from './tally.js'

export class GatewaySessionTable {
  readonly #byShard = new Map<number, GatewaySession>()
  readonly #newId: () => string
  readonly #tally: Tally

  /** `newId`: ids that nobody guesses and that never come again. */
  constructor(newId: () => string, tally: Tally) {
    this.#newId = newId
    this.#tally = tally
  }

  /** Sessions that have a connection or can still be resumed, by shard. */
  views(now: number): FakeDiscordSession[] {
    this.#forgetExpired(now)
    return [...this.#byShard.values()]
      .toSorted((one, other) => one.shard - other.shard)
      .map(({ view }) => view)
  }

  /** Whether the shard has a session with a connection: another one would be its second. */
  isTaken(shard: number): boolean {
    return this.#byShard.get(shard)?.connection !== undefined
  }

  /** Begins a session; one of the same shard that has lost its connection is over. */
  open(start: Omit<SessionStart, 'id'>): GatewaySession {
    if (this.isTaken(start.shard)) {
      throw new MachinesError('DM_INTERNAL', 'a shard was about to get its second session')
    }
    const before = this.#byShard.get(start.shard)
    if (before !== undefined) this.end(before)
    const session = new GatewaySession({ ...start, id: this.#newId() })
    this.#byShard.set(start.shard, session)
    this.#tally.count('sessionsOpened')
    return session
  }

  /** The session that a RESUME names; undefined when it is over. */
  find(id: string, now: number): GatewaySession | undefined {
    this.#forgetExpired(now)
    for (const session of this.#byShard.values()) {
      if (session.id === id) return session
    }
    return undefined
  }

  /** Throws DM_TARGET_UNKNOWN when the shard has no session. */
  of(shard: number, now: number): GatewaySession {
    this.#forgetExpired(now)
    const session = this.#byShard.get(shard)
    if (session === undefined) {
      throw new MachinesError('DM_TARGET_UNKNOWN', `shard ${shard} has no session`)
    }
    return session
  }

  end(session: GatewaySession): void {
    if (this.#byShard.get(session.shard) !== session) return
    this.#byShard.delete(session.shard)
    session.end()
    this.#tally.count('sessionsClosed')
  }

  endAll(): void {
    for (const session of this.#byShard.values()) this.end(session)
  }

  #forgetExpired(now: number): void {
    for (const session of this.#byShard.values()) {
      if (session.isExpired(now)) this.end(session)
    }
  }
}
