/** Machines come, are emptied and go while real bots hold their sessions. */
import { describe, expect, it } from 'vitest'
import type { HeldSession } from '../../support/held-sessions.js'
import { OwnershipWorld } from '../../support/ownership-world.js'

const shardsOn = (world: OwnershipWorld, machine: string) =>
  world.held.filter((one) => one.machine === machine).map(({ shard }) => shard)

/** Sessions of the first that are no more in the second: their shards were moved. */
function renewed(before: readonly HeldSession[], after: readonly HeldSession[]): number[] {
  const ids = new Set(after.map(({ id }) => id))
  return before.filter(({ id }) => !ids.has(id)).map(({ shard }) => shard)
}

/** Two machines of three shards each, and a third one that stands by unasked. */
function started(leaseMs: number | undefined): Promise<OwnershipWorld> {
  const options = {
    modes: ['processes', 'processes'],
    instancesPerMachine: 3,
    strangers: 1,
  } as const
  return OwnershipWorld.start({ ...options, ...(leaseMs ? { leaseMs } : {}) })
}

/** Most shards that were without a session at a time, from now on. */
function mostDark(world: OwnershipWorld): () => number {
  let most = 0
  const look = () => {
    most = Math.max(most, world.totalShards - world.held.length)
    return false
  }
  // It ends with the world.
  world.discord.until(look).catch(() => {})
  return () => most
}

describe.concurrent('machines that come and go', () => {
  it.for([
    ['hold', undefined],
    ['reassign', 15_000],
  ] as const)(
    'under %s: one is added, another one drained and removed, shard by shard',
    async ([, leaseMs], { onTestFinished }) => {
      const world = await started(leaseMs)
      onTestFinished(() => world.end())
      const dark = mostDark(world)
      const start = world.held
      expect(await world.order('addPoint', world.point(2))).toBe('m2')
      const plan = await world.planned(2)
      expect(plan).toMatchObject({ moves: [{ to: 'm2' }, { to: 'm2' }], unplaced: [] })
      world.expectHeld(start)
      expect(await world.order('apply', plan)).toBeUndefined()
      const moved = plan.moves.flatMap(({ shards }) => shards).toSorted((a, b) => a - b)
      expect(shardsOn(world, 'm2')).toEqual(moved)
      expect(renewed(start, world.held)).toEqual(moved)

      const spread = world.held
      expect(await world.order('drain', 'm0')).toBeUndefined()
      expect(shardsOn(world, 'm0')).toEqual([])
      expect(renewed(spread, world.held)).toHaveLength(2)
      expect(await world.order('removePoint', 'm0')).toBeUndefined()
      expect(await world.order('eval', 'return 1')).toHaveLength(world.totalShards)
      expect(dark()).toBe(1)
      world.expectNoViolation()
    },
  )
})
