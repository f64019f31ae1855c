/** Of an assignment that follows another one the child carries out the difference. */
import { describe, expect, it } from 'vitest'
import type { ChildWorkload } from '../../../../../src/modes/machines/child/child-workload.js'
import { isOvertaken } from '../../../../../src/modes/machines/child/start-watch.js'
import { deferred } from '../../../../support/deferred.js'
import { assignmentOf, createWorkload, type WorkloadChanges } from '../../../../support/workload.js'

/** A child that runs these. */
async function running(ids: readonly number[], changes: WorkloadChanges = {}) {
  const parts = createWorkload(changes)
  const first = parts.apply(assignmentOf(ids))
  await parts.system.settle()
  expect(first.outcome).toBe('started')
  parts.log.length = 0
  const pids = () =>
    parts.workload.running?.fleet.status().map(({ id, pid }) => [id, pid] as const) ?? []
  return { ...parts, pids }
}

/** What it says to a session that begins now. */
function reports(workload: ChildWorkload): unknown[] {
  const told: unknown[] = []
  workload.report((report) => told.push(report))
  return told
}

describe('another assignment of the same kind', () => {
  it('ends what is not in it, says so, starts what is new, and leaves the rest alone', async () => {
    const { system, launcher, log, apply, pids } = await running([0, 1])
    const next = apply(assignmentOf([1, 2]))
    await system.settle()
    expect(log).toEqual([
      'accepted m',
      'exited 0',
      'stopped 0',
      'has 1',
      'released m',
      'growing',
      'has 1,2',
      'spawned 2',
      'ready 2',
    ])
    expect(next).toMatchObject({ releases: 1, outcome: 'started' })
    expect(next.accepted).toMatchObject([
      {
        adopted: false,
        instances: [
          { id: 1, phase: 'ready' },
          { id: 2, phase: 'waiting' },
        ],
      },
    ])
    expect(launcher.instance(1).channel.calls).toEqual([])
    expect(pids()).toEqual([
      [1, 101],
      [2, 102],
    ])
  })

  it('starts nothing before every exit is confirmed', async () => {
    const { system, launcher, apply } = await running([0, 1])
    launcher.bots.stopsWell = false
    const next = apply(assignmentOf([1, 2]))
    await system.advance(1_900)
    expect(next).toMatchObject({ accepted: [{}], releases: 0 })
    expect(launcher.launched).toHaveLength(2)
    await system.advance(200)
    expect(next).toMatchObject({ releases: 1, outcome: 'started' })
  })

  it('that only ends something is released and started without a start', async () => {
    const { system, log, apply } = await running([0, 1])
    const next = apply(assignmentOf([0]))
    await system.settle()
    expect(log).toEqual(['accepted m', 'exited 1', 'stopped 1', 'has 0', 'released m'])
    expect(next).toMatchObject({ accepted: [{ adopted: false }], outcome: 'started' })
  })

  it('that only adds something is released at once', async () => {
    const { system, log, apply } = await running([0])
    const next = apply(assignmentOf([0, 1]))
    await system.settle()
    expect(log.slice(0, 3)).toEqual(['accepted m', 'released m', 'growing'])
    expect(next.outcome).toBe('started')
  })

  it('that says the same in another order is adopted, and released all the same', async () => {
    const { system, launcher, log, apply } = await running([0, 1])
    const next = apply(assignmentOf([1, 0]))
    await system.settle()
    expect(log).toEqual(['accepted m', 'released m'])
    expect(next).toMatchObject({ accepted: [{ adopted: true }], outcome: 'started' })
    expect(launcher.launched).toHaveLength(2)
  })

  it('that gives an instance other shards restarts that one alone', async () => {
    const { system, launcher, apply } = await running([0, 1])
    const { instances, ...rest } = assignmentOf([0])
    apply({ ...rest, instances: [...instances, { id: 1, shards: [1, 2] }] })
    await system.settle()
    expect(launcher.launched.map(({ spec }) => [spec.id, spec.shards])).toEqual([
      [0, [0]],
      [1, [1]],
      [1, [1, 2]],
    ])
    expect(launcher.running).toHaveLength(2)
  })
})

describe('an assignment of nothing', () => {
  it('is ready at once on a child that has nothing, and what follows is added', async () => {
    const { system, workload, launcher, apply } = await running([])
    expect(workload.isReady).toBe(true)
    expect(workload.running?.fleet.status()).toEqual([])
    const next = apply(assignmentOf([3]))
    await system.settle()
    expect(next.outcome).toBe('started')
    expect(launcher.running).toHaveLength(1)
  })

  it('ends everything, and the child stays what it is', async () => {
    const { system, workload, launcher, log, apply } = await running([0, 1])
    const next = apply(assignmentOf([]))
    await system.settle()
    expect(next).toMatchObject({ accepted: [{ instances: [] }], releases: 1, outcome: 'started' })
    expect(launcher.running).toEqual([])
    expect(workload.running?.assignment.machine).toBe('m')
    expect(log).not.toContain('ended m')
    await workload.stop('enough')
    expect(workload.running).toBeUndefined()
    expect(system.keepAlives).toBe(0)
  })
})

describe('assignments that come faster than they can be carried out', () => {
  it('wait for the exits of those before, and the last one holds', async () => {
    const { system, launcher, log, apply } = await running([0, 1, 2])
    launcher.bots.stopsWell = false
    const second = apply(assignmentOf([1, 2, 3]))
    const third = apply(assignmentOf([2, 4]))
    await system.advance(1_900)
    expect([second.accepted.length, third.accepted.length]).toEqual([1, 0])
    await system.advance(200)
    expect(launcher.running.map(({ spec }) => spec.id)).toEqual([1, 2, 3])
    await system.advance(2_000)
    expect(isOvertaken(second.outcome)).toBe(true)
    expect(third).toMatchObject({ releases: 1, outcome: 'started' })
    expect(launcher.running.map(({ spec }) => spec.id)).toEqual([2, 4])
    expect(log.filter((line) => line.startsWith('released'))).toHaveLength(2)
  })

  it('do not wait for a start: what starts is kept where it is still wanted', async () => {
    const { system, launcher, apply } = await running([0])
    launcher.bots.startsWell = false
    const second = apply(assignmentOf([0, 1, 2]))
    await system.settle()
    const third = apply(assignmentOf([0, 2, 3]))
    await system.settle()
    expect(third).toMatchObject({ accepted: [{ adopted: false }], releases: 1 })
    const third2 = third.accepted[0]?.instances.map(({ id, phase }) => `${id} ${phase}`)
    expect(third2).toEqual(['0 ready', '2 starting', '3 waiting'])
    expect(launcher.running.map(({ spec }) => spec.id)).toEqual([0, 2, 3])
    launcher.instance(2).becomeReady()
    await system.settle()
    expect(isOvertaken(second.outcome)).toBe(true)
    expect(third.outcome).toBe('pending')
    launcher.instance(3).becomeReady()
    await system.settle()
    expect(third.outcome).toBe('started')
  })

  it('come back to what there was, by another instance of the same id', async () => {
    const { system, launcher, apply } = await running([0, 1])
    const second = apply(assignmentOf([0]))
    const third = apply(assignmentOf([0, 1]))
    await system.advance(10)
    expect(second.outcome).toBe('started')
    expect(third).toMatchObject({ accepted: [{ adopted: false }], outcome: 'started' })
    expect(launcher.launched.map(({ spec }) => spec.id)).toEqual([0, 1, 1])
  })
})

describe('the start of what is new', () => {
  it('fails over all of it: what is new did not start, and what was there is down', async () => {
    const { system, launcher, workload, apply } = await running([0, 1])
    await workload.fleetOf(0).kill(0)
    launcher.bots.startsWell = false
    const next = apply(assignmentOf([0, 1, 2, 3]))
    await system.settle()
    launcher.instance(3).becomeReady()
    for (let exits = 0; exits < 3; exits += 1) {
      launcher.instance(2).exit()
      await system.advance(500)
    }
    expect(next.outcome).toMatchObject({
      code: 'DM_START_FAILED',
      message: '2 of 4 instances of m are down',
      failures: [
        { code: 'DM_OFFLINE', instance: 0 },
        { code: 'DM_INSTANCE_CRASH_LOOP', instance: 2 },
      ],
    })
  })

  it('waits for what was there and is on its way', async () => {
    const { system, launcher, apply } = await running([0])
    launcher.bots.startsWell = false
    launcher.instance(0).exit()
    await system.settle()
    const next = apply(assignmentOf([0, 1]))
    await system.settle()
    launcher.instance(1).becomeReady()
    await system.advance(500)
    expect(next.outcome).toBe('pending')
    launcher.instance(0).becomeReady()
    await system.settle()
    expect(next.outcome).toBe('started')
  })

  it('says why an instance has failed that an assignment before has added', async () => {
    const { system, launcher, apply } = await running([0])
    launcher.bots.startsWell = false
    apply(assignmentOf([0, 1, 2]))
    await system.settle()
    const next = apply(assignmentOf([0, 1]))
    await system.settle()
    for (let exits = 0; exits < 3; exits += 1) {
      launcher.instance(1).exit()
      await system.advance(500)
    }
    expect(next.outcome).toMatchObject({
      failures: [{ code: 'DM_INSTANCE_CRASH_LOOP', message: expect.stringContaining('exit code') }],
    })
  })
})

describe('a stop', () => {
  it('during the exits starts nothing any more, and is told that they are done', async () => {
    const { system, launcher, workload, apply } = await running([0, 1])
    launcher.bots.stopsWell = false
    const next = apply(assignmentOf([1, 2]))
    await system.settle()
    const stopped = workload.stop('enough')
    await system.advance(5_000)
    await stopped
    expect(next.releases).toBe(1)
    expect(isOvertaken(next.outcome)).toBe(true)
    expect(launcher.launched).toHaveLength(2)
    expect(launcher.running).toEqual([])
    expect(system.pendingTimers).toBe(0)
  })
})

describe('the report at the begin of a session', () => {
  it('says that nothing runs, before the first assignment and after a stop', async () => {
    const nothing = { source: null, totalShards: 0, instances: [] }
    expect(reports(createWorkload().workload)).toEqual([nothing])
    const { workload } = await running([0])
    await workload.stop('enough')
    expect(reports(workload)).toEqual([nothing])
  })

  it('says what runs, by whose word, and what is still on its way out', async () => {
    const { system, launcher, workload, apply } = await running([0, 1])
    launcher.bots.stopsWell = false
    apply(assignmentOf([1]))
    await system.settle()
    expect(reports(workload)).toEqual([
      {
        source: { parent: 'key', epoch: 5, revision: 2 },
        totalShards: 9,
        instances: [
          { id: 0, shards: '0' },
          { id: 1, shards: '1' },
        ],
      },
    ])
    await system.advance(2_000)
    expect(reports(workload)).toMatchObject([{ instances: [{ id: 1 }] }])
  })

  it('is the most that ever runs, but for what the session asks for', async () => {
    const { system, launcher, workload, apply } = await running([0, 1])
    launcher.bots.stopsWell = false
    const begun = apply(assignmentOf([1, 2]))
    const queued = apply(assignmentOf([1, 3]))
    await system.settle()
    const told = reports(workload)
    await system.advance(5_000)
    expect(told).toMatchObject([{ instances: [{ id: 0 }, { id: 1 }] }])
    expect([begun, queued].map(({ outcome }) => isOvertaken(outcome))).toEqual([true, true])
    expect(queued.accepted).toEqual([])
    expect(launcher.launched).toHaveLength(2)
    const next = apply(assignmentOf([1, 2]))
    await system.settle()
    expect(next).toMatchObject({ accepted: [{ adopted: false }], outcome: 'started' })
    expect(launcher.running.map(({ spec }) => spec.id)).toEqual([1, 2])
  })

  it('leaves alone what starts already', async () => {
    const { system, launcher, workload, apply } = await running([0])
    launcher.bots.startsWell = false
    const begun = apply(assignmentOf([0, 1]))
    await system.settle()
    expect(reports(workload)).toMatchObject([{ instances: [{ id: 0 }, { id: 1 }] }])
    launcher.instance(1).becomeReady()
    await system.settle()
    expect(begun.outcome).toBe('started')
  })
})

describe('a child whose former self may still run something', () => {
  it('begins nothing and says nothing of what runs before that is gone', async () => {
    const gone = deferred()
    const { system, launcher, workload, apply } = createWorkload({ after: gone.promise })
    const told: unknown[] = []
    workload.report((report) => told.push(report))
    const first = apply(assignmentOf([0]))
    await system.advance(60_000)
    expect([told, first.accepted, launcher.launched]).toEqual([[], [], []])
    gone.resolve()
    await system.settle()
    expect(told).toMatchObject([{ source: null, instances: [] }])
    expect(first.outcome).toBe('started')
    workload.report((report) => told.push(report))
    expect(told).toMatchObject([{}, { instances: [{ id: 0 }] }])
  })

  it('confirms a stop no sooner', async () => {
    const gone = deferred()
    const { system, workload } = createWorkload({ after: gone.promise })
    let isStopped = false
    const stopped = workload.stop('enough').then(() => {
      isStopped = true
    })
    await system.advance(60_000)
    expect(isStopped).toBe(false)
    gone.resolve()
    await stopped
  })
})
