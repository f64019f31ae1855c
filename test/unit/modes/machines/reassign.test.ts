/** Parent and children under `reassign`: leases, and what becomes of the shards of a lost machine. */
import { afterEach, describe, expect, it } from 'vitest'
import type { ModeEvent } from '../../../../src/modes/mode.js'
import { Star } from '../../../support/star.js'

const leaseMs = 10_000
const reassign = { onMachineLost: 'reassign', leaseMs } as const
/** Lease, stop time and margin: nothing of a lost machine runs any more. */
const goneMs = 20_000

let star: Star
afterEach(async () => {
  await star.end()
  expect(star.system.pendingTimers).toBe(0)
  expect(star.system.keepAlives).toBe(0)
})

/** The longest pause between two attempts to dial, and what follows. */
const returnMs = 35_000

async function started(pushed = {}) {
  const world = await Star.started({ machines: reassign, pushed })
  star = world.star
  return { ...world, zero: star.child(0), one: star.child(1) }
}

type World = Awaited<ReturnType<typeof started>>

const idsOf = ({ launcher }: World['zero']) =>
  launcher.running.map(({ spec }) => spec.id).toSorted((a, b) => a - b)

function eventsOf({ parent }: World, type: ModeEvent['type']) {
  return parent.heard.events.filter((event) => event.type === type)
}

function lose({ parent }: World, index: number): void {
  parent.wire(index).reachable = false
  parent.wire(index).cut()
}

function find({ parent }: World, index: number): void {
  parent.wire(index).reachable = true
}

describe('leases', () => {
  it('are renewed for as long as the parent is there', async () => {
    const world = await started()
    await star.system.advance(10 * leaseMs)
    expect([idsOf(world.zero), idsOf(world.one)]).toEqual([
      [0, 1],
      [2, 3],
    ])
    expect(world.zero.launcher.launched).toHaveLength(2)
    expect(world.zero.heard.warnings).toEqual([])
  })

  it('end the bots of a machine that hears nothing of its parent, in time', async () => {
    const world = await started()
    lose(world, 0)
    await star.system.advance(leaseMs - 2_100)
    expect(idsOf(world.zero)).toEqual([0, 1])
    await star.system.advance(2_200)
    expect(idsOf(world.zero)).toEqual([])
    expect(world.zero.heard.warnings).toMatchObject([{ code: 'DM_LEASE_LOST' }])
  })

  it('go on with a parent that comes back in time, which restarts nothing', async () => {
    const world = await started()
    await world.parent.mode.detach()
    await star.system.advance(leaseMs / 2)
    const former = { machines: world.parent.record?.machines ?? {} }
    const next = star.parent(2, { epoch: 2, machines: reassign, former })
    expect(await star.outcome(next.mode.start(), 1_000)).toBe('resolved')
    await star.system.advance(5 * leaseMs)
    expect(world.zero.launcher.launched).toHaveLength(2)
    expect(idsOf(world.zero)).toEqual([0, 1])
  })

  it('end without a parent, and the next one starts everything again', async () => {
    const world = await started()
    await world.parent.mode.detach()
    await star.system.advance(2 * leaseMs)
    expect([...idsOf(world.zero), ...idsOf(world.one)]).toEqual([])
    const former = { machines: world.parent.record?.machines ?? {} }
    const next = star.parent(2, { epoch: 2, machines: reassign, former })
    expect(await star.outcome(next.mode.start(), 1_000)).toBe('resolved')
    expect([idsOf(world.zero), idsOf(world.one)]).toEqual([
      [0, 1],
      [2, 3],
    ])
  })
})

describe('a machine that is lost', () => {
  it('gives its shards to the others when its own have surely ended', async () => {
    const world = await started()
    lose(world, 0)
    await star.system.advance(goneMs)
    expect(idsOf(world.zero)).toEqual([])
    expect(idsOf(world.one)).toEqual([0, 1, 2, 3])
    const [lost] = eventsOf(world, 'machine-lost')
    expect(lost).toMatchObject({ machine: 'm0', policy: 'reassign', shards: [0, 1, 2, 3] })
    expect(eventsOf(world, 'moved')).toMatchObject([
      {
        reason: 'machine-lost',
        moves: [
          { instance: 0, from: 'm0', to: 'm1' },
          { instance: 1, from: 'm0', to: 'm1' },
        ],
      },
    ])
    const machines = world.parent.mode.machines()
    expect(machines.map(({ instances }) => instances.map(({ id }) => id))).toEqual([
      [],
      [0, 1, 2, 3],
    ])
    expect(machines[1]).toMatchObject({ phase: 'ready' })
  })

  it('stands by with nothing when it returns, until a plan gives its shards back', async () => {
    const world = await started()
    lose(world, 0)
    await star.system.advance(goneMs)
    find(world, 0)
    await star.system.advance(returnMs)
    expect(idsOf(world.zero)).toEqual([])
    expect(world.zero.heard.warnings).toMatchObject([{ code: 'DM_LEASE_LOST' }])
    expect(world.parent.mode.machines()[0]).toMatchObject({ phase: 'ready' })
    const { moves } = world.parent.mode.control.plan()
    expect(moves).toMatchObject([
      { instance: 0, from: 'm1', to: 'm0' },
      { instance: 1, from: 'm1', to: 'm0' },
    ])
    for (const move of moves) {
      const moved = star.outcome(world.parent.mode.control.move(move, 'plan'), 1_000)
      expect(await moved).toBe('resolved')
    }
    expect([idsOf(world.zero), idsOf(world.one)]).toEqual([
      [0, 1],
      [2, 3],
    ])
  })

  it('keeps them when it returns in time, and restarts nothing', async () => {
    const world = await started()
    lose(world, 0)
    await star.system.advance(5_000)
    find(world, 0)
    await star.system.advance(5 * leaseMs)
    expect(world.zero.launcher.launched).toHaveLength(2)
    expect(idsOf(world.zero)).toEqual([0, 1])
    expect(eventsOf(world, 'moved')).toEqual([])
  })

  it('starts its own again when it returns after its lease and before they were given away', async () => {
    // It may take a minute to stop its bots, which it does not need.
    const world = await started({ killTimeoutMs: 30_000 })
    lose(world, 0)
    await star.system.advance(leaseMs + 500)
    expect(idsOf(world.zero)).toEqual([])
    find(world, 0)
    await star.system.advance(returnMs)
    expect(idsOf(world.zero)).toEqual([0, 1])
    expect(world.zero.launcher.launched).toHaveLength(4)
    expect(eventsOf(world, 'moved')).toEqual([])
  })

  it('has its calls answered where its instances run by then', async () => {
    const world = await started()
    lose(world, 0)
    await star.system.advance(goneMs)
    world.parent.mode.calls.send('hello', { to: 0 })
    await star.system.advance(100)
    expect(world.one.launcher.instance(0).envelopes).toHaveLength(1)
  })
})

describe('all machines lost', () => {
  it('are held, because a parent that sees nobody is not one to decide', async () => {
    const world = await started()
    lose(world, 0)
    lose(world, 1)
    await star.system.advance(10 * goneMs)
    expect(eventsOf(world, 'moved')).toEqual([])
    expect(eventsOf(world, 'reassign-held')).toMatchObject([
      { machine: 'm0', why: 'no-majority', shards: [0, 1, 2, 3] },
      { machine: 'm1', why: 'no-majority' },
    ])
    find(world, 0)
    find(world, 1)
    await star.system.advance(returnMs)
    expect([idsOf(world.zero), idsOf(world.one)]).toEqual([
      [0, 1],
      [2, 3],
    ])
  })
})

describe('a start that was followed by another one on its folder', () => {
  it('sees it before it says anything, grants nothing more and tells a person', async () => {
    const world = await started()
    world.parent.isLatest = false
    await star.system.advance(leaseMs + 100)
    expect([...idsOf(world.zero), ...idsOf(world.one)]).toEqual([])
    expect(world.parent.heard.warnings).toMatchObject([{ code: 'DM_EPOCH_OLD' }])
    await star.system.advance(10 * leaseMs)
    expect(eventsOf(world, 'moved')).toEqual([])
  })
})
