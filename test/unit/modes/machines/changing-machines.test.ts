/** Machines that come, are emptied and go while the bot runs, as `ShardingManager` has it done. */
import { afterEach, describe, expect, it } from 'vitest'
import { MachineChanges } from '../../../../src/machine-changes.js'
import type { ManagerMode } from '../../../../src/modes/mode.js'
import { Star } from '../../../support/star.js'

let star: Star
afterEach(async () => {
  await star.end()
  expect(star.system.pendingTimers).toBe(0)
})

/** Two machines of two instances each, and a third one that stands by unasked. */
async function started() {
  const world = await Star.started()
  star = world.star
  const spare = await star.serve(2)
  const changes = new MachineChanges(world.parent.mode.control, star.system)
  return { ...world, zero: star.child(0), one: star.child(1), spare, changes }
}

type World = Awaited<ReturnType<typeof started>>

const third = {
  host: 'child-2',
  port: 8379,
  name: 'm2',
  childManagerOptions: { mode: 'processes' },
} as const

const idsOf = ({ launcher }: World['zero']) =>
  launcher.running.map(({ spec }) => spec.id).toSorted((a, b) => a - b)

const placesOf = ({ parent }: World) =>
  parent.mode
    .machines()
    .map(({ name, instances }) => `${name}: ${instances.map(({ id }) => id).join()}`)

describe('a machine that is added', () => {
  it('stands by, and a plan shows what would come to it before anything moves', async () => {
    const world = await started()
    expect(world.changes.addPoint(third)).toBe('m2')
    await star.system.advance(100)
    expect(placesOf(world)).toEqual(['m0: 0,1', 'm1: 2,3', 'm2: '])
    expect(world.parent.mode.machines()[2]).toMatchObject({ phase: 'ready', index: 2 })
    const plan = world.changes.plan()
    expect(plan.moves).toHaveLength(1)
    expect(plan).toMatchObject({ moves: [{ to: 'm2' }], unplaced: [] })
    expect(idsOf(world.spare)).toEqual([])
    expect(await star.outcome(world.changes.apply(plan, {}), 1_000)).toBe('resolved')
    expect(idsOf(world.spare)).toEqual([plan.moves[0]?.instance])
    expect(world.changes.plan().moves).toEqual([])
  })

  it('is refused with the path of what is wrong', async () => {
    const { changes } = await started()
    const refused = (point: object) => expect(() => changes.addPoint(point as never))
    refused({ ...third, host: 'child-0' }).toThrow(/point.host/)
    refused({ ...third, name: 'm1' }).toThrow(/point.name/)
    refused({ ...third, shards: [1] }).toThrow(/would have shards of others/)
    refused({}).toThrow(/point.host/)
  })

  it('takes part in messages as every other one does', async () => {
    const world = await started()
    world.changes.addPoint(third)
    await star.system.advance(100)
    await star.outcome(world.changes.apply(world.changes.plan(), {}), 1_000)
    const [id = -1] = idsOf(world.spare)
    world.one.mode.calls.send('hello', { to: id })
    await star.system.advance(100)
    expect(world.spare.launcher.instance(id).envelopes).toHaveLength(1)
  })
})

describe('a plan', () => {
  it('is refused when something has changed since, and when it is none', async () => {
    const world = await started()
    const plan = world.changes.plan()
    world.changes.addPoint(third)
    const stale = world.changes.apply(plan, {})
    await expect(stale).rejects.toMatchObject({ code: 'DM_PLAN_STALE' })
    const nonsense = world.changes.apply({} as never, {})
    await expect(nonsense).rejects.toMatchObject({ code: 'DM_OPTION_TYPE', path: 'plan' })
  })

  it('is carried out one instance at a time, and never two of one shard run', async () => {
    const world = await started()
    world.changes.addPoint({ ...third, weight: 100 })
    await star.system.advance(100)
    const plan = world.changes.plan()
    expect(plan.moves.length).toBeGreaterThan(2)
    let most = 0
    const { launcher } = world.spare
    const launch = launcher.launch.bind(launcher)
    launcher.launch = (spec) => {
      const running = [world.zero, world.one, world.spare].flatMap(idsOf)
      expect(running).not.toContain(spec.id)
      most = Math.max(most, 4 - running.length)
      return launch(spec)
    }
    expect(await star.outcome(world.changes.apply(plan, {}), 5_000)).toBe('resolved')
    expect(most).toBe(1)
  })

  it('ends at the first instance that does not get ready, and leaves the others alone', async () => {
    const world = await started()
    world.changes.addPoint({ ...third, weight: 100 })
    await star.system.advance(100)
    world.spare.launcher.bots.startsWell = false
    const applied = star.watch(world.changes.apply(world.changes.plan(), { timeoutMs: 500 }))
    await star.system.advance(1_000)
    expect(applied.outcome).toMatchObject({ code: 'DM_INSTANCE_START_TIMEOUT', machine: 'm2' })
    expect([world.zero, world.one].flatMap(idsOf)).toHaveLength(3)
  })
})

describe('draining a machine', () => {
  it('moves everything off, and nothing comes back by a plan until it is undrained', async () => {
    const world = await started()
    expect(await star.outcome(world.changes.drain('m0', {}), 1_000)).toBe('resolved')
    expect([idsOf(world.zero), idsOf(world.one)]).toEqual([[], [0, 1, 2, 3]])
    expect(placesOf(world)).toEqual(['m0: ', 'm1: 0,1,2,3'])
    expect(world.changes.plan().moves).toEqual([])
    world.changes.undrain('m0')
    expect(world.changes.plan().moves.map(({ instance, to }) => [instance, to])).toEqual([
      [0, 'm0'],
      [1, 'm0'],
    ])
  })

  it('is refused where nobody has room, and then nothing has moved', async () => {
    const world = await Star.started({ machines: {}, maxShards: 4 })
    star = world.star
    const changes = new MachineChanges(world.parent.mode.control, star.system)
    const drained = changes.drain('m0', {})
    await expect(drained).rejects.toMatchObject({ code: 'DM_NO_ROOM', machine: 'm0' })
    expect(changes.plan().moves).toEqual([])
    expect(world.parent.heard.events.filter(({ type }) => type === 'moved')).toEqual([])
  })

  it('is refused for a machine out of reach or unknown, and while another change goes on', async () => {
    const world = await started()
    const unknown = world.changes.drain('m7', {})
    await expect(unknown).rejects.toMatchObject({ code: 'DM_TARGET_UNKNOWN' })
    const drained = world.changes.drain('m1', {})
    await expect(world.changes.drain('m0', {})).rejects.toMatchObject({ code: 'DM_STATE' })
    expect(await star.outcome(drained, 1_000)).toBe('resolved')
    world.parent.wire(0).reachable = false
    world.parent.wire(0).cut()
    await star.system.advance(5_000)
    await expect(world.changes.drain('m0', {})).rejects.toMatchObject({ code: 'DM_OFFLINE' })
  })
})

describe('removing a machine', () => {
  it('empties it first, and then it is gone from everything', async () => {
    const world = await started()
    expect(await star.outcome(world.changes.removePoint('m0', {}), 1_000)).toBe('resolved')
    expect(placesOf(world)).toEqual(['m1: 0,1,2,3'])
    expect(idsOf(world.zero)).toEqual([])
    await expect(world.changes.drain('m0', {})).rejects.toMatchObject({ code: 'DM_TARGET_UNKNOWN' })
    world.one.mode.calls.send('hello', { to: 0 })
    await star.system.advance(100)
    expect(world.one.launcher.instance(0).envelopes).toHaveLength(1)
  })

  it('gives the shards of one that is down away at once, by the word of a person alone', async () => {
    const world = await started()
    world.parent.wire(0).reachable = false
    world.parent.wire(0).cut()
    await star.system.advance(120_000)
    expect(placesOf(world)).toEqual(['m0: 0,1', 'm1: 2,3'])
    await expect(world.changes.removePoint('m0', {})).rejects.toMatchObject({ code: 'DM_OFFLINE' })
    // In this test it is not down at all; whoever says so is believed.
    const removed = world.changes.removePoint('m0', { isDown: true })
    expect(await star.outcome(removed, 1_000)).toBe('resolved')
    expect(placesOf(world)).toEqual(['m1: 0,1,2,3'])
    expect(idsOf(world.one)).toEqual([0, 1, 2, 3])
  })

  it('is refused for one that is said to be down and is there', async () => {
    const world = await started()
    const removed = world.changes.removePoint('m0', { isDown: true })
    await expect(removed).rejects.toMatchObject({ code: 'DM_STATE', machine: 'm0' })
    expect(idsOf(world.zero)).toEqual([0, 1])
  })
})

describe('a parent that is stopped before it has reached a machine', () => {
  it('says that its instances may still run, and tells the next start', async () => {
    const world = await started()
    await world.parent.mode.detach()
    const former = world.parent.record ?? 'nothing'
    const second = star.parent(2, { epoch: 2, former })
    second.wire(1).reachable = false
    second.mode.start().catch(() => {})
    await star.system.advance(100)
    expect(await star.outcome(second.mode.stop('enough'), 20_000)).toBe('resolved')
    expect(second.heard.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('no confirmation came from m1:'),
    ])
    expect([world.zero, world.one].map(idsOf)).toEqual([[], [2, 3]])
    expect(Object.keys(second.record?.machines ?? {})).toContain('m1')
  })
})

describe('other managers', () => {
  it('have no machines to change', async () => {
    const world = await started()
    const child: ManagerMode = world.zero.mode
    const changes = new MachineChanges(child.control, star.system)
    expect(() => changes.plan()).toThrow(/plan\(\) is for a parent/)
    await expect(changes.drain('m0', {})).rejects.toMatchObject({ code: 'DM_NOT_IN_THIS_MODE' })
  })

  it('have none either before the start and after the end', async () => {
    star = new Star()
    const parent = star.parent(1)
    const changes = new MachineChanges(parent.mode.control, star.system)
    expect(() => changes.plan()).toThrow(/from start\(\) until stop\(\)/)
  })
})
