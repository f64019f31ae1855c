/** A child is told to run something by whoever is not, or not any more, the one to say so. */
import { afterEach, describe, expect, it } from 'vitest'
import type { MachinesError } from '../../../../src/errors.js'
import type { MachinesShardingOptions } from '../../../../src/options/machines-options.js'
import { RawParent } from '../../../support/raw-parent.js'
import { Star } from '../../../support/star.js'

let star: Star
let raw: RawParent | undefined
afterEach(async () => {
  const closed = raw?.close()
  raw = undefined
  await star.end()
  await closed
  expect(star.system.pendingTimers).toBe(0)
  expect(star.system.keepAlives).toBe(0)
})

/** A child that a parent of this epoch has started and left. */
async function left(epoch: number, machines: Partial<MachinesShardingOptions> = {}) {
  star = new Star()
  const child = await star.serve(0, machines)
  const parent = star.parent(1, { epoch })
  expect(await star.outcome(parent.mode.start(), 100)).toBe('resolved')
  await star.outcome(parent.mode.detach(), 10)
  return child
}

/** Two of two shards each, as the child has to believe. */
const assignment = {
  machine: 'm0',
  index: 0,
  totalShards: 4,
  callTimeoutMs: 1_000,
  push: { mode: 'processes' },
  instances: [{ id: 0, shards: '0-3' }],
}

async function dialled(epoch: number) {
  star = new Star()
  const child = await star.serve(0)
  const parent = new RawParent(star, 0, { epoch })
  raw = parent
  await star.system.advance(100)
  const says = async (revision: number, given: object = {}, name: object = {}) => {
    const told = { ...assignment, ...given }
    const source = { parent: parent.key, epoch, revision, ...name }
    parent.tell({ op: 'assign', ...source, lease: null, assignment: told })
    const before = parent.heard.length
    await star.system.advance(3_000)
    return parent.heard.slice(before).filter(({ op }) => op !== 'event')
  }
  return { child, parent, says }
}

const refusedAs = (revision: number, code: string) => [{ op: 'refused', revision, error: { code } }]

const carriedOut = (adopted: boolean) => [
  { op: 'accepted', adopted },
  { op: 'released' },
  { op: 'started' },
]

describe('a later start of the same parent', () => {
  it('adopts what an earlier one has started, and from then on that one is too late', async () => {
    const child = await left(5)
    const next = star.parent(1, { epoch: 6 })
    expect(await star.outcome(next.mode.start(), 100)).toBe('resolved')
    await star.outcome(next.mode.detach(), 10)
    const earlier = star.parent(1, { epoch: 5 })
    const error = (await star.outcome(earlier.mode.start(), 100)) as MachinesError
    expect(error.failures).toMatchObject([{ code: 'DM_EPOCH_OLD' }])
    expect(child.launcher.launched).toHaveLength(2)
    expect(child.launcher.running).toHaveLength(2)
  })
})

describe('a revision', () => {
  it('that goes back is refused: the parent hears why, the child warns, the bots go on', async () => {
    const { child, says } = await dialled(7)
    expect(await says(2)).toMatchObject(carriedOut(false))
    expect(await says(1)).toMatchObject(refusedAs(1, 'DM_ASSIGNMENT_STALE'))
    expect(await says(1, { callTimeoutMs: 9 })).toMatchObject(refusedAs(1, 'DM_ASSIGNMENT_STALE'))
    expect(child.heard.warnings).toMatchObject([
      { code: 'DM_ASSIGNMENT_STALE', message: expect.stringContaining('assignment 1 of epoch 7') },
      { code: 'DM_ASSIGNMENT_STALE' },
    ])
    expect(child.heard.phases).toEqual(['m0 starting', 'm0 ready'])
    expect(child.launcher.launched).toHaveLength(1)
  })

  it('that comes twice is adopted, and refused when it says something else now', async () => {
    const { child, says } = await dialled(7)
    await says(2)
    expect(await says(2)).toMatchObject(carriedOut(true))
    expect(await says(2, { callTimeoutMs: 9 })).toMatchObject(refusedAs(2, 'DM_ASSIGNMENT_STALE'))
    expect(child.launcher.launched).toHaveLength(1)
  })

  it('that grows puts another assignment into force, and adopts an equal one', async () => {
    const { child, says } = await dialled(7)
    await says(1)
    const other = { callTimeoutMs: 9 }
    expect(await says(2, other)).toMatchObject(carriedOut(false))
    expect(await says(3, other)).toMatchObject(carriedOut(true))
    expect(child.launcher.launched).toHaveLength(2)
    expect(child.launcher.running).toHaveLength(1)
  })

  it('starts anywhere for a child that was restarted, as it knows of nothing', async () => {
    const { child, parent, says } = await dialled(7)
    await says(9)
    await star.outcome(parent.close(), 100)
    await star.outcome(child.mode.stop('restart'), 5_000)
    await star.serve(0)
    const next = star.parent(1, { epoch: 3 })
    expect(await star.outcome(next.mode.start(), 5_000)).toBe('resolved')
  })
})

describe('the name of a parent', () => {
  it('other than that of the link is refused, with a warning', async () => {
    const { child, says } = await dialled(7)
    const answers = await says(1, {}, { parent: 'of somebody else' })
    expect(answers).toMatchObject(refusedAs(1, 'DM_ASSIGNMENT_REFUSED'))
    expect(child.heard.warnings).toMatchObject([{ code: 'DM_ASSIGNMENT_REFUSED' }])
    expect(child.launcher.launched).toEqual([])
  })
})

describe('another parent, after the first one has left its bots', () => {
  it.each([4, 6])('adopts them by default, with whatever epoch: %i', async (epoch) => {
    const child = await left(5)
    const other = star.parent(1, { key: 2, epoch })
    expect(await star.outcome(other.mode.start(), 100)).toBe('resolved')
    expect(child.launcher.launched).toHaveLength(2)
  })

  it('is refused where the higher epoch is right and it has a lower one, and stops nothing', async () => {
    const child = await left(5, { takeover: 'higher-epoch' })
    const other = star.parent(1, { key: 2, epoch: 4 })
    const error = (await star.outcome(other.mode.start(), 100)) as MachinesError
    expect(error.failures).toMatchObject([{ code: 'DM_ASSIGNMENT_STALE', machine: 'm0' }])
    expect(other.mode.machines()).toMatchObject([{ phase: 'failed' }])
    expect(child.heard.warnings).toMatchObject([{ code: 'DM_ASSIGNMENT_STALE' }])
    expect(await star.outcome(other.mode.stop('enough'), 5_000)).toBe('resolved')
    expect(child.launcher.running).toHaveLength(2)
    expect(child.launcher.launched).toHaveLength(2)
  })

  it('adopts them there with a higher epoch', async () => {
    const child = await left(5, { takeover: 'higher-epoch' })
    const other = star.parent(1, { key: 2, epoch: 6 })
    expect(await star.outcome(other.mode.start(), 100)).toBe('resolved')
    expect(child.launcher.launched).toHaveLength(2)
  })
})
