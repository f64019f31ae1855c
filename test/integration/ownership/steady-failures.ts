/**
 * Failures that pass before anybody may take the shards, for both policies: what runs is kept, what has
 * died comes back on its own machine, and no shard ever has two sessions.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { HeldSession } from '../../support/held-sessions.js'
import { OwnershipWorld, type WorldOptions } from '../../support/ownership-world.js'

/** One machine of each mode, with one shard. */
const modes = ['processes', 'workers', 'clusters'] as const
const homes = ['m0', 'm1', 'm2']
/** Those with a process of their own. */
const separate = [0, 2]

export const isHome = (held: readonly HeldSession[]): boolean =>
  held.every(({ shard, machine }) => machine === homes[shard])

/** Registers the tests; they share a world, which is whole and at home after each of them. */
export function steadyFailures(options: Pick<WorldOptions, 'leaseMs'>): () => OwnershipWorld {
  let world: OwnershipWorld
  beforeAll(async () => {
    world = await OwnershipWorld.start({ ...options, modes })
  })
  afterEach(() => world.expectNoViolation())
  afterAll(() => world.end())
  registerInstances(() => world)
  registerLinks(() => world)
  registerParents(() => world)
  registerChildren(() => world)
  return () => world
}

type World = () => OwnershipWorld

const pidOf = (world: OwnershipWorld, shard: number) =>
  world.held.find((one) => one.shard === shard)?.pid ?? -1

const childPids = (world: OwnershipWorld) => homes.map((_, index) => world.child(index).pid)

const allAnswer = (world: OwnershipWorld) =>
  expect.poll(() => world.order('eval', 'return 1'), { timeout: 20_000 }).toEqual([1, 1, 1])

/** The same word of all three machines. */
function ofAll(heard: (pattern: RegExp) => Promise<unknown>, word: (name: string) => string) {
  return Promise.all(homes.map((name) => heard(new RegExp(word(name)))))
}

/** Resolves when these shards have other sessions than before; all others have kept theirs. */
async function renewed(
  world: OwnershipWorld,
  before: readonly HeldSession[],
  shards: readonly number[],
): Promise<void> {
  const isNew = ({ shard, id }: HeldSession) => before[shard]?.id !== id
  const newOf = (held: readonly HeldSession[]) => held.filter(isNew).map(({ shard }) => shard)
  const now = await world.whole((held) => newOf(held).length >= shards.length)
  expect(newOf(now)).toEqual(shards)
  expect(isHome(now)).toBe(true)
}

function registerInstances(current: World): void {
  it.each(separate)('an instance that is killed comes back (shard %i)', async (shard) => {
    const world = current()
    const before = await world.whole(isHome)
    process.kill(pidOf(world, shard), 'SIGKILL')
    await renewed(world, before, [shard])
  })

  it('an instance that is stopped for a while goes on afterwards', async () => {
    const world = current()
    const before = await world.whole(isHome)
    const pids = separate.map((shard) => pidOf(world, shard))
    await world.suspend(...pids)
    const outcomes = await world.order('evalSettled', 'return 1', { timeoutMs: 1_000 })
    expect(outcomes).toMatchObject([{ status: 'timeout' }, { status: 'ok' }, { status: 'timeout' }])
    world.wake(...pids)
    await allAnswer(world)
    world.expectHeld(before)
  })
}

function registerLinks(current: World): void {
  it('a link that is down for a second costs nothing', async () => {
    const world = current()
    const before = await world.whole(isHome)
    world.link(0).freeze()
    await delay(1_000)
    world.link(0).resume()
    await allAnswer(world)
    world.expectHeld(before)
  })

  it('links that are lost come back, and nothing was restarted', async () => {
    const world = current()
    const before = await world.whole(isHome)
    const heard = world.listen(world.parent)
    for (const index of homes.keys()) world.link(index).freeze()
    await ofAll(heard, (name) => `"lost":"${name}"`)
    expect(await world.order('drain', 'm0')).toEqual({ code: 'DM_OFFLINE' })
    world.expectHeld(before)
    for (const index of homes.keys()) world.link(index).resume()
    await ofAll(heard, (name) => `"machine":"${name}","phase":"ready"`)
    await allAnswer(world)
    world.expectHeld(before)
  })
}

function registerParents(current: World): void {
  it('a parent that is stopped for a while finds everything as it was', async () => {
    const world = current()
    const before = await world.whole(isHome)
    await world.suspend(world.parent.pid)
    // Longer than the silence by which a peer counts as gone.
    await delay(3_000)
    world.wake(world.parent.pid)
    await allAnswer(world)
    world.expectHeld(before)
  })

  it('a parent that is killed and started again restarts nothing', async () => {
    const world = current()
    const before = await world.whole(isHome)
    await world.parent.kill('SIGKILL')
    await world.startParent()
    await allAnswer(world)
    world.expectHeld(before)
  })

  it('a parent that is stopped while a later start takes over steps down', async () => {
    const world = current()
    const before = await world.whole(isHome)
    const former = world.parent
    const heard = world.listen(former)
    await world.suspend(former.pid)
    await world.startParent()
    world.wake(former.pid)
    await heard(/"warning":"DM_EPOCH_OLD"/)
    await allAnswer(world)
    world.expectHeld(before)
    await former.kill('SIGKILL')
  })
}

function registerChildren(current: World): void {
  it('child managers that are stopped for a while keep what they run', async () => {
    const world = current()
    const before = await world.whole(isHome)
    const heard = world.listen(world.parent)
    await world.suspend(...childPids(world))
    await ofAll(heard, (name) => `"lost":"${name}"`)
    world.expectHeld(before)
    world.wake(...childPids(world))
    await ofAll(heard, (name) => `"machine":"${name}","phase":"ready"`)
    await allAnswer(world)
    world.expectHeld(before)
  })

  it('child managers that are killed and started again run their own shards', async () => {
    const world = current()
    const before = await world.whole(isHome)
    const restart = async (_: string, index: number) => {
      await world.child(index).kill('SIGKILL')
      await world.startChild(index)
    }
    await Promise.all(homes.map(restart))
    await renewed(world, before, [0, 1, 2])
  })
}
