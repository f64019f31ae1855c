import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import { createFleet } from '../../../../src/modes/local/fleet.js'
import type { CheckedAssignment } from '../../../../src/modes/machines/child/assignment-parser.js'
import {
  type Acceptance,
  ChildWorkload,
  isOvertaken,
} from '../../../../src/modes/machines/child/child-workload.js'
import type { AssignmentSource } from '../../../../src/modes/machines/control-messages.js'
import type { RunOptions } from '../../../../src/options/resolved-options.js'
import { FakeLauncher } from '../../../support/fake-launcher.js'
import { quietFleet } from '../../../support/fleet-options.js'
import { runOptions } from '../../../support/launched-bot.js'
import { VirtualSystem } from '../../../support/virtual-system.js'

function assignmentOf(ids: readonly number[], machine = 'm'): CheckedAssignment {
  const instances = ids.map((id) => ({ id, shards: [id] }))
  return { machine, index: 0, totalShards: 9, callTimeoutMs: 1_000, push: null, instances }
}

function setUp(changes: { runOptions?: () => RunOptions } = {}) {
  const system = new VirtualSystem()
  const launcher = new FakeLauncher()
  const log: string[] = []
  const workload: ChildWorkload = new ChildWorkload('never', {
    runOptions: () => runOptions('processes', { killTimeoutMs: 1_000, output: 'ignore' }),
    createFleet: ({ machine, totalShards, instances, callTimeoutMs }, run) =>
      createFleet(launcher, {
        ...quietFleet,
        machine,
        totalShards,
        instances,
        callTimeoutMs,
        run,
        system,
        writeOutput: () => {},
        onEvent: ({ type, instance }) => {
          log.push(`${type} ${instance}`)
          workload.instanceChanged()
        },
        onEnvelope: () => {},
      }),
    begun: () => log.push(`begun ${workload.running?.assignment.machine}`),
    ended: () => log.push(`ended ${workload.running?.assignment.machine}`),
    cleared: () => log.push(`cleared ${workload.running?.assignment.machine}`),
    ...changes,
  })
  let revision = 0
  const apply = (assignment: CheckedAssignment, given: Partial<AssignmentSource> = {}) => {
    revision += 1
    const accepted: Acceptance[] = []
    const result = { accepted, outcome: 'pending' as unknown }
    workload
      .apply(assignment, { parent: 'key', epoch: 5, revision, ...given }, (acceptance) => {
        log.push(`accepted ${assignment.machine}`)
        accepted.push(acceptance)
      })
      .then(
        () => {
          result.outcome = 'started'
        },
        (error: unknown) => {
          result.outcome = error
        },
      )
    return result
  }
  return { system, launcher, log, workload, apply }
}

describe('an assignment', () => {
  it('is accepted before its first instance event, with all instances waiting', async () => {
    const { system, log, apply } = setUp()
    const first = apply(assignmentOf([0, 1]))
    await system.settle()
    expect(log.slice(0, 4)).toEqual(['begun m', 'accepted m', 'spawned 0', 'spawned 1'])
    expect(first.accepted).toMatchObject([
      { adopted: false, killTimeoutMs: 1_000, instances: [{ phase: 'waiting' }, { id: 1 }] },
    ])
    expect(first.outcome).toBe('started')
  })

  it('that is the same is adopted, also while the first one starts', async () => {
    const { system, launcher, apply } = setUp()
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
    const { system, launcher, workload, apply } = setUp()
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
    const { system, launcher, log, apply } = setUp()
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
      'ended old',
      'cleared undefined',
      'begun new',
      'accepted new',
    ])
  })

  it('that overtakes one that starts ends its start', async () => {
    const { system, launcher, apply } = setUp()
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
    const { system, launcher, workload, apply } = setUp({
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
    const { system, launcher, workload, apply } = setUp()
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
    const { system, launcher, apply } = setUp()
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
    const { system, launcher, workload, apply } = setUp()
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
    const { system, launcher, workload, apply } = setUp()
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
    const { system, workload, apply } = setUp({
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
    const { system, launcher, workload, apply } = setUp()
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
    const { system, launcher, workload, apply } = setUp()
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
    const { system, launcher, workload, apply } = setUp()
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
    const { system, launcher, workload, apply } = setUp()
    await workload.close('enough')
    const next = apply(assignmentOf([0]))
    await system.settle()
    expect(next).toMatchObject({ accepted: [], outcome: { code: 'DM_STOPPED' } })
    expect(launcher.launched).toEqual([])
  })
})

describe('fleetOf', () => {
  it('knows the instances that run here', async () => {
    const { system, workload, apply } = setUp()
    apply(assignmentOf([3]))
    await system.settle()
    expect(workload.fleetOf(3)).toBe(workload.running?.fleet)
    expect(workload.isReady).toBe(true)
    expect(() => workload.fleetOf(4)).toThrow(
      expect.objectContaining({ code: 'DM_INSTANCE_UNKNOWN', instance: 4 }),
    )
  })
})
