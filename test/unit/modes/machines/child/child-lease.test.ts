import { describe, expect, it } from 'vitest'
import { limits } from '../../../../../src/limits.js'
import {
  ChildLease,
  type LeaseAction,
} from '../../../../../src/modes/machines/child/child-lease.js'
import { seededRandom } from '../../../../support/virtual-system.js'

const terms = { leaseMs: 10_000 }

function asked(n: number, revision: number): LeaseAction {
  return { type: 'ask', request: { n, revision, stopMs: 11_000 } }
}

const until = (time: number | undefined): LeaseAction => ({ type: 'until', until: time })
const lapsed: LeaseAction = { type: 'lapsed' }

function linkedLease(): ChildLease {
  const lease = new ChildLease({ stopMs: () => 11_000 })
  lease.session()
  lease.linked(0)
  return lease
}

describe('the lease of a child', () => {
  it('is none before the first assignment, and under hold', () => {
    const lease = linkedLease()
    expect(lease.assigned(null, 1, 100)).toEqual([])
    expect([lease.mayStart(100), lease.deadline(), lease.terms]).toEqual([
      true,
      undefined,
      undefined,
    ])
    expect(lease.tick(1e9)).toEqual([])
  })

  it('is asked for at once, and holds from the moment of the request', () => {
    const lease = linkedLease()
    expect(lease.assigned(terms, 7, 100)).toEqual([until(10_100), asked(1, 7)])
    expect(lease.mayStart(100)).toBe(false)
    expect(lease.granted(1, 4_000)).toEqual([until(10_100)])
    expect([lease.mayStart(10_099), lease.mayStart(10_100)]).toEqual([true, false])
  })

  it('is asked for five times in its length, also after a late tick', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    expect(lease.deadline()).toBe(2_000)
    expect(lease.tick(1_999)).toEqual([])
    expect(lease.tick(2_500)).toEqual([asked(2, 1)])
    expect(lease.deadline()).toBe(4_500)
  })

  it('goes on with each grant', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    lease.granted(1, 10)
    lease.tick(2_000)
    expect(lease.granted(2, 2_010)).toEqual([until(12_000)])
    expect(lease.tick(11_000)).toEqual([asked(3, 1)])
    expect(lease.tick(12_000)).toEqual([lapsed])
  })

  it('ends when nobody grants it any more, once', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    lease.granted(1, 10)
    lease.unlinked()
    expect(lease.deadline()).toBe(10_000)
    expect(lease.tick(9_999)).toEqual([])
    expect(lease.tick(10_000)).toEqual([lapsed])
    expect([lease.tick(20_000), lease.deadline(), lease.mayStart(20_000)]).toEqual([
      [],
      undefined,
      false,
    ])
  })

  it('ends when it was never granted', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 500)
    lease.unlinked()
    expect(lease.tick(10_499)).toEqual([])
    expect(lease.tick(10_500)).toEqual([lapsed])
  })

  it('that has ended is not brought back by a grant, but by another assignment', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    lease.tick(9_000)
    expect(lease.granted(2, 10_000)).toEqual([lapsed])
    expect(lease.granted(2, 10_001)).toEqual([])
    expect(lease.linked(10_002)).toEqual([])
    expect(lease.assigned(terms, 2, 10_003)).toEqual([until(20_003), asked(3, 2)])
    lease.granted(3, 10_004)
    expect(lease.mayStart(10_005)).toBe(true)
  })

  it.each<[string, (lease: ChildLease) => LeaseAction[]]>([
    ['a tick', (lease) => lease.tick(60_000)],
    ['a grant', (lease) => lease.granted(1, 60_000)],
    ['a link', (lease) => lease.linked(60_000).slice(0, 1)],
    ['an assignment', (lease) => lease.assigned(terms, 2, 60_000).slice(0, 1)],
    ['one without a lease', (lease) => lease.assigned(null, 2, 60_000)],
  ])('that ended while the process was suspended is seen first by %s', (_name, input) => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    lease.granted(1, 10)
    expect(input(lease)).toEqual([lapsed])
  })

  it('ignores grants of what it has not asked, and older ones than it has', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    lease.tick(2_000)
    expect(lease.granted(9, 2_001)).toEqual([])
    expect(lease.granted(0, 2_001)).toEqual([])
    expect(lease.granted(2, 2_002)).toEqual([until(12_000)])
    expect(lease.granted(1, 2_003)).toEqual([])
    expect(lease.granted(2, 2_004)).toEqual([])
    expect(lease.until).toBe(12_000)
  })

  it('keeps its end with another assignment, which waits for a grant of its own', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    lease.granted(1, 10)
    lease.tick(2_000)
    expect(lease.assigned(terms, 2, 3_000)).toEqual([until(10_000), asked(3, 2)])
    expect(lease.mayStart(3_000)).toBe(false)
    // Granted for what the machine ran before.
    expect(lease.granted(2, 3_001)).toEqual([])
    expect(lease.mayStart(3_001)).toBe(false)
    expect(lease.granted(3, 3_002)).toEqual([until(13_000)])
    expect(lease.mayStart(3_002)).toBe(true)
  })

  it('is cut by shorter terms, and not made longer by further assignments', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    lease.granted(1, 10)
    expect(lease.assigned({ leaseMs: 3_000 }, 2, 1_000)[0]).toEqual(until(4_000))
    expect(lease.assigned({ leaseMs: 60_000 }, 3, 2_000)[0]).toEqual(until(4_000))
    expect(lease.tick(4_000)).toEqual([lapsed])
  })

  it('is given up for hold', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    expect(lease.assigned(null, 2, 100)).toEqual([until(undefined)])
    expect([lease.mayStart(1e9), lease.tick(1e9)]).toEqual([true, []])
  })

  it('is of no use once everything was stopped', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    lease.freed()
    expect([lease.tick(1e9), lease.granted(1, 1), lease.deadline()]).toEqual([[], [], undefined])
  })

  it('is asked for when the link is up again, and anew in another session', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    lease.unlinked()
    expect(lease.tick(5_000)).toEqual([])
    expect(lease.linked(5_001)).toEqual([asked(2, 1)])
    lease.session()
    expect(lease.linked(5_002)).toEqual([asked(3, 1)])
    expect(lease.granted(2, 5_003)).toEqual([])
    expect(lease.granted(3, 5_003)).toEqual([until(15_002)])
  })

  it('may be granted over a link that was away, and counts from the request all the same', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    lease.unlinked()
    expect(lease.linked(8_000)).toEqual([asked(2, 1)])
    expect(lease.granted(1, 8_001)).toEqual([until(10_000)])
  })

  it('remembers a bounded number of requests', () => {
    const lease = linkedLease()
    lease.assigned(terms, 1, 0)
    for (let times = 0; times < limits.leaseRequestsMax; times += 1) lease.linked(1)
    expect(lease.granted(1, 2)).toEqual([])
    expect(lease.granted(2, 2)).toEqual([until(10_001)])
  })
})

/** What a random history knows by itself: when requests were sent, and which the parent granted. */
class History {
  readonly lease: ChildLease = new ChildLease({ stopMs: () => 1 })
  now = 0
  #revision = 0
  #leaseMs = 1
  readonly #sentAt = new Map<number, number>()
  /** Requests of earlier sessions and assignments. */
  readonly #bygone: number[] = []
  /** The end of the best grant that was delivered since the last assignment. */
  #grantedUntil: number | undefined
  /** Latest end that what runs can have; undefined: none. */
  #endMax: number | undefined
  #isStopped = true
  #isHold = true
  lapses = 0
  helds = 0
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    this.lease.session()
  }

  step(): void {
    // One step in twenty is a suspension, which outlasts any lease.
    const isSuspended = this.#random() < 0.05
    this.now += this.#random() * (isSuspended ? 5_000 : 60)
    const end = this.#endMax
    const actions = this.#input()
    const isDue = end !== undefined && this.now >= end
    // The end is seen by the very first input that comes after it, before anything else.
    expect(actions[0]?.type === 'lapsed').toBe(isDue)
    this.#check()
  }

  #input(): LeaseAction[] {
    const roll = this.#random()
    if (roll < 0.08) return this.#assign()
    if (roll < 0.5) return this.#take(this.lease.tick(this.now))
    if (roll < 0.56) return this.#take(this.lease.linked(this.now))
    if (roll < 0.9) return this.#grant()
    if (roll < 0.95) this.lease.unlinked()
    else this.lease.session()
    if (roll >= 0.95) this.#forget()
    return this.#take(this.lease.tick(this.now))
  }

  #assign(): LeaseAction[] {
    const isDue = this.#endMax !== undefined && this.now >= this.#endMax
    this.#revision += 1
    this.#isHold = this.#random() < 0.2
    this.#leaseMs = 200 + Math.floor(this.#random() * 800)
    const given = this.#isHold ? null : { leaseMs: this.#leaseMs }
    const former = isDue ? undefined : this.#endMax
    this.#forget()
    this.#grantedUntil = undefined
    const actions = this.lease.assigned(given, this.#revision, this.now)
    this.#take(actions)
    this.#isStopped = false
    this.#endMax = this.#isHold ? undefined : Math.min(former ?? Infinity, this.now + this.#leaseMs)
    return actions
  }

  /** The parent grants any request, late or twice, of another assignment, or one never made. */
  #grant(): LeaseAction[] {
    const all = this.#random() < 0.2 ? this.#bygone : [...this.#sentAt.keys()]
    const n = all[Math.floor(this.#random() * all.length)] ?? 1_000_000
    const sent = this.#sentAt.get(n)
    const isDue = this.#endMax !== undefined && this.now >= this.#endMax
    const actions = this.lease.granted(n, this.now)
    this.#take(actions)
    if (sent !== undefined && !isDue && !this.#isStopped) {
      const end = sent + this.#leaseMs
      if (end > this.now) this.#grantedUntil = Math.max(this.#grantedUntil ?? 0, end)
      this.#endMax = Math.max(this.#endMax ?? 0, this.#grantedUntil ?? 0)
    }
    return actions
  }

  #forget(): void {
    this.#bygone.push(...this.#sentAt.keys())
    this.#sentAt.clear()
  }

  #take(actions: LeaseAction[]): LeaseAction[] {
    for (const action of actions) {
      if (action.type === 'ask') {
        const { n, revision } = action.request
        expect(revision).toBe(this.#revision)
        expect(this.#sentAt.has(n)).toBe(false)
        this.#sentAt.set(n, this.now)
      }
      if (action.type === 'lapsed') {
        this.lapses += 1
        this.#isStopped = true
        this.#endMax = undefined
        this.#grantedUntil = undefined
      }
    }
    return actions
  }

  #check(): void {
    const { lease, now } = this
    if (lease.mayStart(now) && this.lease.terms) {
      this.helds += 1
      // Never beyond a granted request of this very assignment.
      expect(this.#grantedUntil).toBeGreaterThan(now)
      expect(lease.mayStart(this.#grantedUntil ?? 0)).toBe(false)
    }
    expect(lease.until ?? 0).toBeLessThanOrEqual(this.#endMax ?? 0)
    if (this.#isStopped && this.#revision > 0) expect(lease.mayStart(now)).toBe(false)
    const deadline = lease.deadline()
    if (deadline !== undefined) expect(deadline).toBeLessThanOrEqual(lease.until ?? 0)
    if (this.#isHold && !this.#isStopped) expect(lease.mayStart(now)).toBe(true)
  }
}

describe('a lease in a random history', () => {
  it('never holds beyond a granted request, and ends at the first input after its end', () => {
    let lapses = 0
    let helds = 0
    for (let seed = 1; seed <= 200; seed += 1) {
      const history = new History(seed)
      try {
        for (let steps = 0; steps < 300; steps += 1) history.step()
      } catch (error) {
        throw new Error(`seed ${seed} at ${history.now}`, { cause: error })
      }
      lapses += history.lapses
      helds += history.helds
    }
    expect(lapses).toBeGreaterThan(1_000)
    expect(helds).toBeGreaterThan(1_000)
  })
})
