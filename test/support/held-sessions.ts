/** Who holds the sessions of a fake Discord, as the bots of test/fixtures/bots/session.js say of themselves. */
import type { FakeDiscord } from '../../dist/testing/index.js'

export interface HeldSession {
  readonly shard: number
  /** Of the session: another one after every restart of its bot. */
  readonly id: string
  readonly machine: string
  readonly pid: number
}

/** Sessions that have a connection, by shard. */
export function heldSessions({ sessions }: FakeDiscord): readonly HeldSession[] {
  const live = sessions.filter(({ connected }) => connected)
  return live.map(({ shard, sessionId, presence }) => {
    const { activities } = presence as { activities: readonly [{ readonly name: string }] }
    const [machine = '', pid] = activities[0].name.split(' ')
    return { shard, id: sessionId, machine, pid: Number(pid) }
  })
}
