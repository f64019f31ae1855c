/** The simulation is only worth something if it finds bugs: these are put in, one at a time. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { InstanceLease } from '../../../src/bot/instance-lease.js'
import { limits } from '../../../src/limits.js'
import { LeaseWatch } from '../../../src/modes/local/reaper/lease-watch.js'
import { Waiters } from '../../../src/modes/local/waiters.js'
import { staleness } from '../../../src/modes/machines/child/assignment-order.js'
import { ChildDoor } from '../../../src/modes/machines/child/child-door.js'
import { ChildLease } from '../../../src/modes/machines/child/child-lease.js'
import { FormerWatch } from '../../../src/modes/machines/child/former-watch.js'
import { ControlCalls } from '../../../src/modes/machines/parent/control-calls.js'
import { Electorate } from '../../../src/modes/machines/parent/ownership/electorate.js'
import { Holdings } from '../../../src/modes/machines/parent/ownership/holdings.js'
import {
  LeaseBook,
  leaseMarginMs,
} from '../../../src/modes/machines/parent/ownership/lease-book.js'
import { plant, plantGetter, uproot } from '../plant.js'
import { type OwnershipRun, type SimulationOptions, simulate } from './ownership-simulation.js'
import { ParentDisk } from './parent-disk.js'
import type { StarShape } from './star-options.js'

const seedsMax = 1_000
const timeout = 300_000

vi.mock(import('../../../src/modes/machines/child/assignment-order.js'), async (original) => {
  const real = await original()
  return { ...real, staleness: vi.fn(real.staleness) }
})

/** Runs seeds until one finds what it should. */
async function firstFailure(
  world: SimulationOptions,
  sign: string,
): Promise<OwnershipRun | undefined> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const run = await simulate(seed, world)
    if (run.problems.some((problem) => problem.includes(sign))) return run
  }
  return undefined
}

const hold: SimulationOptions = { policies: ['hold'] }
const reassign: SimulationOptions = { policies: ['reassign'] }

/** Three machines of one shard each, and instances that end in a hurry. */
const small: Partial<StarShape> = {
  machines: [0, 1, 2].map((shard) => ({ name: `m${shard}`, shards: [shard] })),
  spares: [],
  shardsPerInstance: 1,
  totalShards: 3,
  killTimeoutMs: 500,
}

/** Networks that get slow before they are gone. */
const fading: SimulationOptions = {
  ...reassign,
  shape: { ...small, leaseMs: 8_000 },
  favourite: 'fadeOut',
}

/** A parent that is taken for dead. */
const replaced: SimulationOptions = { ...reassign, favourite: 'replaceParent' }

/** Leases long enough for clocks to part, and links that beat rarely. */
const longLease: SimulationOptions = {
  ...reassign,
  shape: {
    ...small,
    leaseMs: 300_000,
    times: { heartbeatMs: 20_000, silenceMs: 60_000, resumeWindowMs: 60_000 },
  },
  favourite: 'partition',
}

/** How late the last grant of each lease came after its request. */
const lateness = new WeakMap<ChildLease, number>()

function late(lease: ChildLease): number {
  return lateness.get(lease) ?? 0
}

/** A lease whose clock goes behind by what the last grant took, and so ends that much later. */
function countFromArrival(): void {
  plant(ChildLease.prototype, 'granted', (lease, granted) => (n, now) => {
    const actions = granted(n, now - late(lease))
    const { until, terms } = lease
    if (
      until !== undefined &&
      terms !== undefined &&
      actions.some(({ type }) => type === 'until')
    ) {
      lateness.set(lease, late(lease) + (now - late(lease) - (until - terms.leaseMs)))
    }
    return actions.map((one) =>
      one.type === 'until' && one.until !== undefined
        ? { ...one, until: one.until + late(lease) }
        : one,
    )
  })
  plant(ChildLease.prototype, 'tick', (lease, tick) => (now) => tick(now - late(lease)))
  plant(ChildLease.prototype, 'linked', (lease, linked) => (now) => linked(now - late(lease)))
  plant(ChildLease.prototype, 'mayStart', (lease, may) => (now) => may(now - late(lease)))
  plant(
    ChildLease.prototype,
    'assigned',
    (lease, assigned) => (terms, revision, now) => assigned(terms, revision, now - late(lease)),
  )
}

type Bug = readonly [what: string, world: SimulationOptions, sign: string, () => void]

const bugs: readonly Bug[] = [
  [
    'reckons without the margins of lease and stop time',
    longLease,
    'runs twice',
    () =>
      plant(LeaseBook.prototype, 'endOf', (book, endOf) => (machine) => {
        const margins = leaseMarginMs(book.termsOf(machine).leaseMs) + limits.leaseStopMarginMs
        return endOf(machine) - margins
      }),
  ],
  [
    'gives shards away as soon as the lease has ended, without stop time and margin',
    reassign,
    'runs twice',
    () =>
      plant(LeaseBook.prototype, 'endOf', (book, endOf) => (machine) => {
        const { leaseMs, stopMs } = book.termsOf(machine)
        return endOf(machine) - stopMs - leaseMarginMs(leaseMs)
      }),
  ],
  [
    'lets in an older start of its parent, and does what it says',
    replaced,
    'runs twice',
    () => {
      // The start itself sees in its folder that it is an older one; here it does not look.
      plantGetter(ParentDisk.prototype, 'isLatest', true)
      plant(ChildDoor.prototype, 'admit', () => () => ({ accept: true }))
      vi.mocked(staleness).mockReturnValue(undefined)
    },
  ],
  [
    'takes an instance for ended before its exit is confirmed',
    hold,
    'runs twice',
    () => plant(Waiters.prototype, 'wait', () => () => Promise.resolve()),
  ],
  [
    'does not wait for the instances of its former start',
    hold,
    'runs twice',
    () =>
      plant(FormerWatch.prototype, 'look', () => () => ({ kill: [], warnings: [], isOver: true })),
  ],
  ['counts the lease from when the grant arrives', fading, 'runs twice', countFromArrival],
  [
    'gives shards away without a majority',
    reassign,
    'given away by a parent that sees',
    () => plantGetter(Electorate.prototype, 'hasMajority', true),
  ],
  [
    'gives an instance to a second machine while the first may run it',
    hold,
    'runs twice',
    () => plant(Holdings.prototype, 'isFreeFor', () => () => true),
  ],
  [
    'has instances without a lease of their own',
    reassign,
    'runs twice',
    () => {
      plant(InstanceLease.prototype, 'told', () => () => {})
      plant(LeaseWatch.prototype, 'changed', () => () => {})
    },
  ],
  [
    'relies on instances to end themselves',
    reassign,
    'runs twice',
    () => plant(LeaseWatch.prototype, 'changed', () => () => {}),
  ],
  [
    'forgets who waits for an answer when a session is lost',
    hold,
    'no end came',
    () => plant(ControlCalls.prototype, 'failAll', () => () => {}),
  ],
  [
    'does not hear the machines that answer it',
    reassign,
    'nobody serves',
    () => plant(Electorate.prototype, 'answered', () => () => {}),
  ],
]

afterEach(() => {
  uproot()
  vi.mocked(staleness).mockRestore()
})

describe('the simulation', () => {
  it.each(bugs)('finds a bot that %s', { timeout }, async (what, world, sign, put) => {
    put()
    const failure = await firstFailure(world, sign)
    expect(failure, 'no seed has found it').toBeDefined()
    if (process.env.TRACE === '1') process.stdout.write(`${what}: seed ${failure?.seed}\n`)
  })
})
