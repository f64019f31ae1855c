import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import { isOvertaken } from '../../../../src/modes/machines/child/start-watch.js'
import { runOptions } from '../../../support/launched-bot.js'
import { assignmentOf, createWorkload } from '../../../support/workload.js'

describe('an assignment', () => {
  it('is accepted before its first instance event, with all instances waiting', async () => {
    const { system, log, apply } = createWorkload()
    const first = apply(assignmentOf([0, 1]))
    await system.settle()
    expect(log.slice(0, 7)).toEqual([
      'begun m',
      'accepted m',
      'released m',
      'growing',
      'has 0,1',
      'spawned 0',
      'spawned 1',
    ])
    expect(first.accepted).toMatchObject([
      { adopted: false, killTimeoutMs: 1_000, instances: [{ phase: 'waiting' }, { id: 1 }] },
    ])
    expect(first.outcome).toBe('started')
  })

  it('that is the same is adopted, also while the first one starts', async () => {
    const { system, launcher, apply } = createWorkload()
    launcher.bots.startsWell = false
    const first = apply(assignmentOf([0]))
    await system.settle()
    const second = apply(assignmentOf([0]))
    await system.settle()
    expect([first.outcome, second.outcome]).toEqual(['pending', 'pending'])
    expect(second.accepted).toMatchObject([{ adopted: true, instances: [{ phase: 'starting' }] }])
    launcher.instance(0).becomeReady()
    await system.settle()
    expect([first.outcome, second.outcome]).toEqual(['started', 'started'])
    expect(launcher.launched).toHaveLength(1)
  })

  it('that is the same is judged as it is now, whatever became of its start', async () => {
    const { system, launcher, workload, apply } = createWorkload()
    launcher.bots.startsWell = false
    const first = apply(assignmentOf([0, 1]))
    await system.settle()
    launcher.instance(1).becomeReady()
    for (let exits = 0; exits < 3; exits += 1) {
      launcher.instance(0).exit()
      await system.advance(500)
    }
    expect(first.outcome).toMatchObject({ code: 'DM_START_FAILED' })
    const second = apply(assignmentOf([0, 1]))
    await system.settle()
    expect(second.outcome).toMatchObject({
      code: 'DM_START_FAILED',
      failures: [{ code: 'DM_INSTANCE_CRASH_LOOP', instance: 0 }],
    })
    launcher.bots.startsWell = true
    await workload.fleetOf(0).create(0)
    const third = apply(assignmentOf([0, 1]))
    await system.settle()
    expect(third.outcome).toBe('started')
  })

  it('that is another one waits for the exits of the old instances', async () => {
    const { system, launcher, log, apply } = createWorkload()
    const first = apply(assignmentOf([0], 'old'))
    await system.settle()
    launcher.bots.stopsWell = false
    const second = apply(assignmentOf([0], 'new'))
    await system.advance(1_500)
    expect(second.accepted).toEqual([])
    expect(launcher.launched).toHaveLength(1)
    await system.advance(1_000)
    expect([first.outcome, second.outcome]).toEqual(['started', 'started'])
    const steps = log.filter((line) => !/\d$/.test(line))
    expect(steps).toEqual([
      'begun old',
      'accepted old',
      'released old',
      'growing',
      'ended old',
      'cleared undefined',
      'begun new',
      'accepted new',
      'released new',
      'growing',
    ])
  })

  it('that overtakes one that starts ends its start', async () => {
    const { system, launcher, apply } = createWorkload()
    launcher.bots.startsWell = false
    const first = apply(assignmentOf([0], 'old'))
    const second = apply(assignmentOf([0], 'new'))
    await system.advance(10)
    expect(isOvertaken(first.outcome)).toBe(true)
    launcher.instance(0).becomeReady()
    await system.settle()
    expect(second.outcome).toBe('started')
    expect(launcher.running).toHaveLength(1)
  })

  it('that is refused leaves alone what runs', async () => {
    let refusals = 0
    const { system, launcher, workload, apply } = createWorkload({
      runOptions: () => {
        refusals += 1
        if (refusals > 1) throw new MachinesError('DM_ASSIGNMENT_REFUSED', 'no')
        return runOptions('processes')
      },
    })
    apply(assignmentOf([0], 'old'))
    await system.settle()
    const refused = apply(assignmentOf([0], 'new'))
    await system.settle()
    expect(refused).toMatchObject({ accepted: [], outcome: { code: 'DM_ASSIGNMENT_REFUSED' } })
    expect(workload.running?.assignment.machine).toBe('old')
    expect(launcher.running).toHaveLength(1)
  })
})

describe('an older assignment', () => {
  it('is refused and leaves alone what runs, equal or not', async () => {
    const { system, launcher, workload, apply } = createWorkload()
    apply(assignmentOf([0], 'new'), { revision: 2 })
    await system.settle()
    const before = workload.running
    for (const given of [{ revision: 1 }, { epoch: 4, revision: 9 }]) {
      for (const machine of ['old', 'new']) {
        const late = apply(assignmentOf([0], machine), given)
        await system.settle()
        expect(late).toMatchObject({ accepted: [], outcome: { code: 'DM_ASSIGNMENT_STALE' } })
      }
    }
    expect(workload.running).toBe(before)
    expect(launcher.launched).toHaveLength(1)
  })

  it('is measured against the latest one, though that one was only adopted', async () => {
    const { system, launcher, apply } = createWorkload()
    apply(assignmentOf([0]), { revision: 1 })
    await system.settle()
    const adopted = apply(assignmentOf([0]), { epoch: 6, revision: 1 })
    await system.settle()
    expect(adopted.accepted).toMatchObject([{ adopted: true }])
    const late = apply(assignmentOf([0]), { revision: 2 })
    await system.settle()
    expect(late.outcome).toMatchObject({ code: 'DM_ASSIGNMENT_STALE' })
    expect(launcher.launched).toHaveLength(1)
  })

  it('is refused when its turn comes, though it was later than what ran when it came', async () => {
    const { system, launcher, workload, apply } = createWorkload()
    apply(assignmentOf([0], 'first'), { revision: 1 })
    await system.settle()
    const newest = apply(assignmentOf([0], 'newest'), { revision: 3 })
    const late = apply(assignmentOf([0], 'late'), { revision: 2 })
    await system.advance(10)
    expect([newest.outcome, late.outcome]).toMatchObject([
      'started',
      { code: 'DM_ASSIGNMENT_STALE' },
    ])
    expect(workload.running?.assignment.machine).toBe('newest')
    expect(launcher.launched).toHaveLength(2)
  })

  it('does not run again what was stopped', async () => {
    const { system, launcher, workload, apply } = createWorkload()
    apply(assignmentOf([0]), { revision: 2 })
    await system.settle()
    await workload.stop('enough')
    for (const revision of [1, 2]) {
      const late = apply(assignmentOf([0]), { revision })
      await system.settle()
      expect(late.outcome).toMatchObject({ code: 'DM_ASSIGNMENT_STALE' })
    }
    const next = apply(assignmentOf([0]), { revision: 3 })
    await system.settle()
    expect(next.outcome).toBe('started')
    expect(launcher.launched).toHaveLength(2)
  })

  it('is what was in force, not what was refused: that one bars nobody', async () => {
    let allowed = true
    const { system, workload, apply } = createWorkload({
      runOptions: () => {
        if (!allowed) throw new MachinesError('DM_ASSIGNMENT_REFUSED', 'no')
        return runOptions('processes', { killTimeoutMs: 1_000, output: 'ignore' })
      },
    })
    apply(assignmentOf([0], 'one'), { revision: 1 })
    await system.settle()
    allowed = false
    const refused = apply(assignmentOf([0], 'three'), { revision: 3 })
    await system.settle()
    expect(refused.outcome).toMatchObject({ code: 'DM_ASSIGNMENT_REFUSED' })
    allowed = true
    const next = apply(assignmentOf([0], 'two'), { revision: 2 })
    await system.advance(10)
    expect(next.outcome).toBe('started')
    expect(workload.running?.assignment.machine).toBe('two')
  })
})

describe('a stop', () => {
  it('ends an assignment that came before it, even one that is not begun', async () => {
    const { system, launcher, workload, apply } = createWorkload()
    launcher.bots.startsWell = false
    const first = apply(assignmentOf([0], 'old'))
    const second = apply(assignmentOf([0], 'new'))
    const stopped = workload.stop('enough')
    await system.advance(10)
    await stopped
    expect([first, second].map(({ outcome }) => isOvertaken(outcome))).toEqual([true, true])
    expect(second.accepted).toEqual([])
    expect(launcher.running).toEqual([])
    expect(workload.running).toBeUndefined()
  })

  it('is followed by what comes after it', async () => {
    const { system, launcher, workload, apply } = createWorkload()
    apply(assignmentOf([0], 'old'))
    await system.settle()
    launcher.bots.stopsWell = false
    const stopped = workload.stop('enough')
    const next = apply(assignmentOf([0], 'new'))
    await system.advance(2_500)
    await stopped
    expect(next.outcome).toBe('started')
    expect(workload.running?.assignment.machine).toBe('new')
  })

  it('ends the wait of one who has adopted what is being stopped', async () => {
    const { system, launcher, workload, apply } = createWorkload()
    launcher.bots.startsWell = false
    apply(assignmentOf([0]))
    await system.settle()
    const adopter = apply(assignmentOf([0]))
    await system.settle()
    const stopped = workload.stop('enough')
    await system.settle()
    expect(isOvertaken(adopter.outcome)).toBe(true)
    await stopped
  })

  it('for good lets nothing follow', async () => {
    const { system, launcher, workload, apply } = createWorkload()
    await workload.close('enough')
    const next = apply(assignmentOf([0]))
    await system.settle()
    expect(next).toMatchObject({ accepted: [], outcome: { code: 'DM_STOPPED' } })
    expect(launcher.launched).toEqual([])
  })
})

describe('fleetOf', () => {
  it('knows the instances that run here', async () => {
    const { system, workload, apply } = createWorkload()
    apply(assignmentOf([3]))
    await system.settle()
    expect(workload.fleetOf(3)).toBe(workload.running?.fleet)
    expect(workload.isReady).toBe(true)
    expect(() => workload.fleetOf(4)).toThrow(
      expect.objectContaining({ code: 'DM_INSTANCE_UNKNOWN', instance: 4 }),
    )
  })
})
