/** The simulation is only worth something if it finds bugs: these are put in, one at a time. */
import { afterEach, describe, expect, it } from 'vitest'
import { Inbox } from '../../src/link/inbox.js'
import { Outbox } from '../../src/link/outbox.js'
import { Pulse } from '../../src/link/pulse.js'
import { Reconnect } from '../../src/link/reconnect.js'
import { plant, uproot } from './plant.js'
import { type SeedRun, simulate } from './simulate.js'

const seedsMax = 40
const steps = 300
const timeout = 120_000

/** Runs seeds until one finds something. */
async function firstFailure(): Promise<SeedRun | undefined> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const run = await simulate(seed, steps)
    if (run.problems.length > 0) return run
  }
  return undefined
}

/** A sender that gives every fifth part to the connection twice: lawful, as receivers drop it. */
function sendPartsAgain(): void {
  const again = new WeakMap<Outbox, ReturnType<Outbox['next']>>()
  plant(Outbox.prototype, 'next', (outbox, next) => () => {
    const before = again.get(outbox)
    again.delete(outbox)
    if (before !== undefined) return before
    const part = next()
    if (part !== undefined && part.number % 5 === 0) again.set(outbox, part)
    return part
  })
}

const bugs: readonly (readonly [string, string, () => void])[] = [
  [
    'takes in what came before',
    'arrived twice',
    () => {
      sendPartsAgain()
      plant(Inbox.prototype, 'accept', (inbox, accept) => (part) => {
        const isOld = part.number <= inbox.received
        return isOld && part.rest === 0 ? part.bytes : accept(part)
      })
    },
  ],
  [
    'forgets one message that was not confirmed when it resumes',
    'neither arrived nor reported',
    () =>
      plant(Outbox.prototype, 'resume', (outbox, resume) => (count) => {
        resume(count)
        if (outbox.canResumeAt(count + 1)) outbox.confirm(count + 1)
      }),
  ],
  [
    'confirms one more than has come',
    'neither arrived nor reported',
    () =>
      plant(Inbox.prototype, 'takeAck', (_inbox, takeAck) => () => {
        const count = takeAck()
        return count === undefined ? undefined : count + 1
      }),
  ],
  [
    'does not report the last message that was lost',
    'neither arrived nor reported',
    () => plant(Outbox.prototype, 'lost', (_outbox, lost) => () => lost().slice(0, -1)),
  ],
  [
    'puts the parts of a large message together wrongly',
    'arrived changed',
    () =>
      plant(Inbox.prototype, 'accept', (_inbox, accept) => (part) => {
        const bytes = part.rest > 0 ? part.bytes.toReversed() : part.bytes
        return accept({ ...part, bytes })
      }),
  ],
  [
    'waits too long before it dials again',
    'not recovered',
    () => plant(Reconnect.prototype, 'nextDelayMs', () => () => 600_000),
  ],
  ['leaves a timer behind', 'left over', () => plant(Pulse.prototype, 'stop', () => () => {})],
]

afterEach(uproot)

describe('the simulation', () => {
  it.each(bugs)('finds a link that %s', { timeout }, async (_what, sign, put) => {
    put()
    const failure = await firstFailure()
    expect(failure?.problems.join()).toContain(sign)
  })

  it('finds nothing when a peer sends parts again, which is no bug', { timeout }, async () => {
    sendPartsAgain()
    expect(await firstFailure()).toBeUndefined()
  })
})
