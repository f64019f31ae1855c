/**
 * Failures under `reassign` that last longer than the lease: a machine is dead, stopped or cut off, or
 * the parent is. Its bots end, all shards run again, and no shard ever has two sessions.
 */
import { describe, expect, it, type TestContext } from 'vitest'
import type { MovePlan } from '../../../dist/index.js'
import type { HeldSession } from '../../support/held-sessions.js'
import type { LauncherMode } from '../../support/launched-bot.js'
import { OwnershipWorld } from '../../support/ownership-world.js'
import { isRunning } from '../../support/processes.js'

/**
 * A parent that does nothing for a quarter of it takes itself for one that was suspended and waits for
 * half a minute; on a computer with other work that happens sooner with a shorter one.
 */
const leaseMs = 4_000
const timeoutMs = 120_000

/** Worlds start one after the other: what already runs shall not be held up by all of them at once. */
let turn: Promise<unknown> = Promise.resolve()

/** Three machines of one shard each; the first one, of this mode, is the one to be lost. */
async function started(
  { onTestFinished }: TestContext,
  mode: LauncherMode = 'processes',
): Promise<OwnershipWorld> {
  const modes = [mode, 'processes', 'processes'] as const
  const start = turn.then(() => OwnershipWorld.start({ leaseMs, modes }))
  turn = start.catch(() => {})
  const world = await start
  onTestFinished(() => world.end())
  return world
}

/** Resolves when the shard of the first machine runs on another one; the others were left alone. */
async function movedAway(world: OwnershipWorld, before: readonly HeldSession[]) {
  const heard = world.listen(world.parent)
  await world.until(() => world.places[0] === undefined, 'the end of its bot')
  const now = await world.whole((held) => held[0]?.machine !== 'm0')
  expect(now.slice(1)).toEqual(before.slice(1))
  const [moved] = await heard(/\{"moved":"machine-lost".*\}/)
  expect(JSON.parse(moved)).toMatchObject({
    moves: [{ instance: 0, from: 'm0', to: now[0]?.machine }],
  })
  return now
}

/** The machine is back and stands by; what has moved stays where it is until it is asked home. */
async function standsBy(world: OwnershipWorld, held: readonly HeldSession[]): Promise<MovePlan> {
  const home = await world.planned(1)
  expect(home).toMatchObject({ moves: [{ instance: 0, to: 'm0' }] })
  world.expectHeld(held)
  world.expectNoViolation()
  return home
}

describe.concurrent('under reassign, after the lease', { timeout: timeoutMs }, () => {
  it('the shards of a child that is killed run elsewhere, and go home by a plan', async (test) => {
    const world = await started(test)
    const before = world.held
    await world.child(0).kill('SIGKILL')
    const now = await movedAway(world, before)
    await world.startChild(0)
    const home = await standsBy(world, now)
    expect(await world.order('apply', home)).toBeUndefined()
    expect(world.places).toEqual(['m0', 'm1', 'm2'])
    expect(world.held.slice(1)).toEqual(before.slice(1))
    world.expectNoViolation()
  })

  it.for(['processes', 'clusters'] as const)(
    'the shards of a child that is stopped run elsewhere, and it does nothing when it wakes (%s)',
    async (mode, test) => {
      const world = await started(test, mode)
      const before = world.held
      const child = world.child(0)
      await world.suspend(child.pid)
      const now = await movedAway(world, before)
      world.wake(child.pid)
      await child.waitFor(/"warning":"DM_LEASE_LOST"/)
      await standsBy(world, now)
    },
  )

  it('a child that is stopped is killed where its bots are its threads (workers)', async (test) => {
    const world = await started(test, 'workers')
    const before = world.held
    await world.suspend(world.child(0).pid)
    const now = await movedAway(world, before)
    expect(isRunning(world.child(0).pid)).toBe(false)
    await world.startChild(0)
    await standsBy(world, now)
  })

  it('the shards of a machine that is cut off for good run elsewhere', async (test) => {
    const world = await started(test)
    const before = world.held
    world.link(0).freeze()
    const now = await movedAway(world, before)
    await world.child(0).waitFor(/"warning":"DM_LEASE_LOST"/)
    world.link(0).resume()
    await standsBy(world, now)
  })

  it('all bots end while the parent is stopped, and start again when it wakes', async (test) => {
    const world = await started(test)
    await world.suspend(world.parent.pid)
    await world.until(() => world.held.length === 0, 'the end of all bots')
    world.wake(world.parent.pid)
    await world.whole()
    expect(world.places).toEqual(['m0', 'm1', 'm2'])
    world.expectNoViolation()
  })

  it('a parent that wakes after another start of it has taken over tells nobody anything', async (test) => {
    const world = await started(test)
    const former = world.parent
    await world.suspend(former.pid)
    await world.until(() => world.held.length === 0, 'the end of all bots')
    await world.startParent()
    const now = await world.whole()
    world.wake(former.pid)
    await former.waitFor(/"warning":"DM_EPOCH_OLD"/)
    expect(await world.order('eval', 'return 1')).toEqual([1, 1, 1])
    world.expectHeld(now)
    world.expectNoViolation()
  })
})
