/** A child whose parent grants its lease, or does not any more. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManagerOp } from '../../../../../src/instances/channel/instance-channel.js'
import { decodeLease, type LeaseNotice } from '../../../../../src/instances/channel/lease-notice.js'
import { RawParent } from '../../../../support/raw-parent.js'
import { Star } from '../../../../support/star.js'

const leaseMs = 10_000
/** Of the children of a star. */
const killTimeoutMs = 1_000
const stopMs = 2 * killTimeoutMs + 1_000

/** Instances of one shard each, by the same number. */
function assignmentOf(ids: readonly number[], pushed: object) {
  const instances = ids.map((id) => ({ id, shards: `${id}` }))
  const push = { mode: 'processes', ...pushed }
  return { machine: 'm0', index: 0, totalShards: 8, callTimeoutMs: 1_000, push, instances }
}

class LeasedChild {
  readonly star = new Star()
  child: Awaited<ReturnType<Star['serve']>> | undefined
  parent: RawParent | undefined
  isGranting = true
  #revision = 0

  async begin(): Promise<void> {
    this.child = await this.star.serve(0)
    await this.dial()
  }

  async dial(): Promise<void> {
    const parent = new RawParent(this.star, 0, { epoch: 7 })
    this.parent = parent
    parent.onMessage = (message) => {
      if (message.op === 'lease' && this.isGranting) parent.tell({ op: 'lease', n: message.n })
    }
    await this.star.system.advance(100)
  }

  async says(
    ids: readonly number[],
    given: number | null = leaseMs,
    pushed: object = {},
  ): Promise<void> {
    this.#revision += 1
    const lease = given === null ? null : { leaseMs: given }
    const source = { parent: this.parent?.key ?? '', epoch: 7, revision: this.#revision }
    const assignment = assignmentOf(ids, pushed)
    this.parent?.tell({ op: 'assign', ...source, lease, assignment })
    await this.star.system.advance(500)
  }

  requests() {
    return this.parent?.heard.filter(({ op }) => op === 'lease') ?? []
  }

  /** What the child has said since the last look, but for what happens all the time. */
  news(): readonly unknown[] {
    const told = this.parent?.heard.splice(0) ?? []
    return told.filter(({ op }) => op !== 'event' && op !== 'lease')
  }

  get running(): number[] {
    return (this.child?.launcher.running ?? []).map(({ spec }) => spec.id).toSorted((a, b) => a - b)
  }

  get warnings(): string[] {
    return (this.child?.heard.warnings ?? []).map(({ code }) => code)
  }

  /** The last thing that an instance was told of its lease. */
  notice(id: number): LeaseNotice | null | undefined {
    const sent = this.child?.launcher.instance(id).channel.sent ?? []
    const last = sent.findLast(({ op }) => op === ManagerOp.LEASE)
    return last && decodeLease(last.payload)
  }

  async end(): Promise<void> {
    const closed = this.parent?.close()
    await this.star.end()
    await closed
  }
}

const nothing = {
  op: 'running',
  source: { revision: 1 },
  lease: null,
  totalShards: 0,
  instances: [],
}

describe('a child under a lease', () => {
  let set: LeasedChild

  beforeEach(async () => {
    set = new LeasedChild()
    await set.begin()
    set.news()
  })

  afterEach(async () => {
    await set.end()
    expect(set.star.system.pendingTimers).toBe(0)
  })

  it('starts its instances once it is granted, and tells them how long they may run', async () => {
    set.isGranting = false
    await set.says([0, 1])
    expect(set.requests()).toEqual([{ op: 'lease', n: 1, revision: 1, stopMs }])
    expect(set.news()).toMatchObject([{ op: 'accepted' }, { op: 'released', revision: 1 }])
    expect(set.running).toEqual([])
    const before = set.star.system.now()
    set.isGranting = true
    await set.star.system.advance(leaseMs / 5)
    expect(set.running).toEqual([0, 1])
    expect(set.news()).toEqual([{ op: 'started', revision: 1 }])
    const until = set.notice(0)?.until ?? 0
    expect(until).toBeGreaterThan(before + leaseMs)
    expect(until).toBeLessThanOrEqual(set.star.system.now() + leaseMs)
    expect(set.notice(1)?.goodbyeMs).toBe(killTimeoutMs)
  })

  it('keeps them for as long as it is granted', async () => {
    await set.says([0, 1])
    await set.star.system.advance(20 * leaseMs)
    expect(set.running).toEqual([0, 1])
    expect(set.notice(0)?.until).toBeGreaterThan(set.star.system.now() + leaseMs / 2)
    expect(set.child?.launcher.launched).toHaveLength(2)
    expect(set.warnings).toEqual([])
  })

  it('stops them when it is not renewed, says so, and takes another assignment', async () => {
    await set.says([0, 1])
    set.news()
    set.isGranting = false
    const end = set.notice(0)?.until ?? 0
    await set.star.system.advance(end - set.star.system.now() - 1)
    expect([set.running, set.warnings]).toEqual([[0, 1], []])
    await set.star.system.advance(1_000)
    expect([set.running, set.warnings]).toEqual([[], ['DM_LEASE_LOST']])
    expect(set.news()).toMatchObject([nothing])
    expect(set.child?.heard.phases.at(-1)).toBe('m0 stopped')
    set.isGranting = true
    await set.says([1, 2])
    expect(set.running).toEqual([1, 2])
    expect(set.news()).toMatchObject([{ op: 'accepted' }, { op: 'released' }, { op: 'started' }])
  })

  it('does so without its parent, which hears of it when it is back', async () => {
    await set.says([0, 1])
    await set.parent?.close()
    await set.star.system.advance(leaseMs)
    expect([set.running, set.warnings]).toEqual([[], ['DM_LEASE_LOST']])
    await set.dial()
    expect(set.news()).toMatchObject([{ ...nothing, source: null }])
  })

  it('presses those that do not end, and says nothing before they are gone', async () => {
    await set.says([0, 1])
    const { launcher } = set.child ?? expect.fail('there is a child')
    launcher.bots.stopsWell = false
    set.isGranting = false
    set.news()
    await set.star.system.advance(leaseMs + 2 * killTimeoutMs - 600)
    expect([set.running, set.news()]).toEqual([[0, 1], []])
    await set.star.system.advance(1_000)
    expect([set.running, set.news()]).toMatchObject([[], [nothing]])
    launcher.bots.stopsWell = true
  })

  it('tells a new session by which terms it runs, and goes on asking there', async () => {
    await set.says([0, 1])
    await set.parent?.close()
    await set.star.system.advance(leaseMs / 2)
    await set.dial()
    const source = { parent: set.parent?.key, epoch: 7, revision: 1 }
    expect(set.news()).toMatchObject([{ op: 'running', source, lease: { leaseMs } }])
    await set.star.system.advance(2 * leaseMs)
    expect(set.running).toEqual([0, 1])
  })

  it('keeps what runs while another assignment waits for its grant', async () => {
    await set.says([0, 1])
    set.isGranting = false
    await set.says([1, 2])
    expect(set.running).toEqual([1])
    set.isGranting = true
    await set.star.system.advance(leaseMs / 5)
    expect(set.running).toEqual([1, 2])
    expect(set.child?.launcher.launched).toHaveLength(3)
  })

  it('starts what the last assignment says, where several wait for a grant', async () => {
    set.isGranting = false
    for (const ids of [
      [0, 1],
      [1, 2],
      [2, 3],
    ])
      await set.says(ids)
    set.news()
    set.isGranting = true
    await set.star.system.advance(leaseMs / 5)
    expect(set.running).toEqual([2, 3])
    expect(set.news()).toEqual([{ op: 'started', revision: 3 }])
  })

  it('gives up when it is never granted', async () => {
    set.isGranting = false
    await set.says([0, 1])
    set.news()
    await set.star.system.advance(leaseMs)
    expect([set.warnings, set.news()]).toMatchObject([['DM_LEASE_LOST'], [nothing]])
    set.isGranting = true
    await set.star.system.advance(leaseMs)
    expect(set.running).toEqual([])
  })

  it('holds from then on when it is told so, also what ran under a lease', async () => {
    await set.says([0, 1])
    await set.says([0, 1], null)
    expect(set.notice(0)).toBeNull()
    await set.parent?.close()
    await set.star.system.advance(10 * leaseMs)
    expect(set.running).toEqual([0, 1])
    await set.dial()
    expect(set.news()).toMatchObject([{ op: 'running', lease: null }])
  })

  it('lets what ran on hold go on for one lease, unless it is granted', async () => {
    await set.says([0, 1], null)
    expect(set.notice(0)).toBeUndefined()
    set.isGranting = false
    await set.says([0, 1])
    expect(set.notice(0)?.until).toBeLessThanOrEqual(set.star.system.now() + leaseMs)
    await set.star.system.advance(leaseMs)
    expect([set.running, set.warnings]).toEqual([[], ['DM_LEASE_LOST']])
  })

  it('that was suspended beyond its lease starts nothing and stops all, whatever is due', async () => {
    await set.says([0, 1])
    set.isGranting = false
    const { launcher } = set.child ?? expect.fail('there is a child')
    // It would be started again after a second.
    launcher.instance(0).exit()
    await set.star.system.stall(60_000)
    await set.star.system.advance(3_000)
    expect(set.running).toEqual([])
    expect(launcher.launched).toHaveLength(2)
    expect(set.warnings).toContain('DM_LEASE_LOST')
  })

  it('asks for none once its parent has stopped it', async () => {
    await set.says([0, 1])
    set.parent?.tell({ op: 'stop', reason: 'the end' })
    await set.star.system.advance(500)
    expect(set.news().at(-1)).toEqual({ op: 'stopped' })
    const before = set.parent?.heard.length
    await set.star.system.advance(2 * leaseMs)
    expect([set.parent?.heard.length, set.warnings]).toEqual([before, []])
  })

  it('answers the rounds of its parent', async () => {
    set.parent?.tell({ op: 'round', round: 4 })
    await set.star.system.advance(10)
    expect(set.news()).toEqual([{ op: 'round', round: 4 }])
  })

  it('asks with the stop time of what is on its way down, where that is the longer one', async () => {
    await set.says([0], leaseMs, { killTimeoutMs: 4_000 })
    const { launcher } = set.child ?? expect.fail('there is a child')
    expect(set.notice(0)?.goodbyeMs).toBe(4_000)
    launcher.bots.stopsWell = false
    set.parent?.heard.splice(0)
    await set.says([0])
    expect(set.requests()).toMatchObject([{ revision: 2, stopMs: 9_000 }])
    await set.star.system.advance(8_000)
    expect(set.requests().at(-1)).toMatchObject({ revision: 2, stopMs })
    expect(set.notice(0)?.goodbyeMs).toBe(killTimeoutMs)
    launcher.bots.stopsWell = true
  })
})
