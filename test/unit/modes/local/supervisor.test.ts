import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import { spawnLoopExitCode } from '../../../../src/instances/spawn-loop.js'
import type { InstanceExit } from '../../../../src/modes/local/launcher.js'
import { Supervisor, type SupervisorPolicy } from '../../../../src/modes/local/supervisor.js'
import { shownActions, supervisorPolicy } from '../../../support/supervision.js'

const exit: InstanceExit = { code: 1, signal: null }

function supervise(count: number, changes: Partial<SupervisorPolicy> = {}): Supervisor {
  const plans = Array.from({ length: count }, (_, id) => ({ id, shards: [id] }))
  return new Supervisor(plans, { ...supervisorPolicy, ...changes })
}

/** One instance that was launched at 0. */
function launched(changes: Partial<SupervisorPolicy> = {}): Supervisor {
  const supervisor = supervise(1, changes)
  supervisor.create(0, 0)
  return supervisor
}

/** Lets an instance fall and come back until it has fallen so many times. */
function fall(supervisor: Supervisor, times: number): void {
  for (let count = 0; count < times; count += 1) {
    supervisor.exited(0, exit, 0)
    supervisor.tick(1e6)
  }
}

const phase = (supervisor: Supervisor, id = 0): string => supervisor.view(id).phase

describe('starting', () => {
  it('launches as many at one time as allowed, in order', () => {
    const supervisor = supervise(4)
    const first = [0, 1, 2, 3].flatMap((id) => supervisor.create(id, 0))
    expect(shownActions(first)).toEqual(['launch 0', 'launch 1'])
    expect(phase(supervisor, 2)).toBe('waiting')
    expect(shownActions(supervisor.ready(1, 5))).toEqual(['ready 1', 'settled 1 ok', 'launch 2'])
    expect(shownActions(supervisor.exited(0, exit, 6))).toEqual([
      'exited 0',
      'respawning 0',
      'launch 3',
    ])
  })

  it('counts ready once, and only of one that is starting', () => {
    const supervisor = launched()
    supervisor.ready(0, 1)
    expect(supervisor.ready(0, 2)).toEqual([])
    supervisor.stop(0, 'why', 3)
    expect(supervisor.ready(0, 4)).toEqual([])
    expect(phase(supervisor)).toBe('stopping')
  })

  it('tells a second asker at once that it runs', () => {
    const supervisor = launched()
    supervisor.ready(0, 1)
    expect(shownActions(supervisor.create(0, 2))).toEqual(['settled 0 ok'])
  })

  it('gives up waiting after startTimeoutMs, ends the instance and starts it again', () => {
    const supervisor = launched()
    expect(supervisor.deadline()).toBe(10_000)
    expect(supervisor.tick(9_999)).toEqual([])
    expect(shownActions(supervisor.tick(10_000))).toEqual([
      'start-failed 0',
      'settled 0 DM_INSTANCE_START_TIMEOUT',
      'SIGTERM 0',
    ])
    expect(shownActions(supervisor.tick(15_000))).toEqual(['SIGKILL 0'])
    expect(supervisor.deadline()).toBeUndefined()
    expect(shownActions(supervisor.exited(0, exit, 15_001))).toEqual(['exited 0', 'respawning 0'])
    expect(shownActions(supervisor.tick(15_751))).toEqual(['launch 0'])
    expect(shownActions(supervisor.ready(0, 16_000))).toEqual(['ready 0'])
  })

  it('ends one whose bot says that it cannot start, and starts it again', () => {
    const supervisor = launched()
    const error = new MachinesError('DM_INTERNAL', 'no gateway')
    expect(shownActions(supervisor.startFailed(0, error, 5))).toEqual([
      'start-failed 0',
      'settled 0 DM_INTERNAL',
      'SIGTERM 0',
    ])
    expect(supervisor.startFailed(0, error, 6)).toEqual([])
    expect(shownActions(supervisor.exited(0, exit, 7))).toEqual(['exited 0', 'respawning 0'])
  })

  it('waits by the number of shards where no timeout was given', () => {
    const supervisor = new Supervisor([{ id: 0, shards: [0, 1] }], {
      ...supervisorPolicy,
      startTimeoutMs: undefined,
    })
    supervisor.create(0, 0)
    expect(supervisor.deadline()).toBe(60_000)
  })
})

describe('starting again', () => {
  it('waits longer with every exit in a row', () => {
    const supervisor = launched()
    supervisor.ready(0, 0)
    supervisor.exited(0, exit, 100)
    expect(supervisor.deadline()).toBe(850)
    supervisor.tick(850)
    supervisor.exited(0, exit, 900)
    expect(supervisor.deadline()).toBe(2_400)
    supervisor.tick(2_400)
    expect(supervisor.view(0)).toMatchObject({ phase: 'starting', respawns: 2 })
  })

  it('forgets earlier exits of one that was healthy', () => {
    const supervisor = launched()
    fall(supervisor, 2)
    supervisor.ready(0, 0)
    supervisor.exited(0, exit, 60_000)
    expect(supervisor.deadline()).toBe(60_750)
  })

  it('does not take a long start for health', () => {
    const supervisor = launched({ startTimeoutMs: 1e9 })
    fall(supervisor, 2)
    supervisor.exited(0, exit, 1e8)
    expect(phase(supervisor)).toBe('crash-loop')
  })

  it('ends in a crash loop, and says so to whoever waits', () => {
    const supervisor = launched()
    fall(supervisor, 2)
    const actions = supervisor.exited(0, exit, 0)
    expect(shownActions(actions)).toEqual([
      'exited 0',
      'crash-loop 0',
      'start-failed 0',
      'settled 0 DM_INSTANCE_CRASH_LOOP',
    ])
    expect(actions[3]).toMatchObject({
      error: { message: 'instance 0 exited 3 times in a row, last: exit code 1', instance: 0 },
    })
    expect(supervisor.deadline()).toBeUndefined()
    expect(shownActions(supervisor.create(0, 1))).toEqual(['launch 0'])
    expect(shownActions(supervisor.exited(0, exit, 2))).toEqual(['exited 0', 'respawning 0'])
  })

  it('does not happen to a bot whose file makes a manager: it would make another one', () => {
    const supervisor = launched()
    expect(
      shownActions(supervisor.exited(0, { code: spawnLoopExitCode, signal: null }, 0)),
    ).toEqual(['exited 0', 'stopped 0', 'start-failed 0', 'settled 0 DM_SPAWN_LOOP'])
  })

  it('happens where a bot that was ready ends with that code by chance', () => {
    const supervisor = launched()
    supervisor.ready(0, 1)
    const actions = supervisor.exited(0, { code: spawnLoopExitCode, signal: null }, 2)
    expect(shownActions(actions)).toEqual(['exited 0', 'respawning 0'])
  })

  it('does not happen when it is turned off', () => {
    const supervisor = launched({ respawn: { ...supervisorPolicy.respawn, enabled: false } })
    const actions = supervisor.exited(0, { code: null, signal: 'SIGSEGV' }, 0)
    expect(shownActions(actions)).toEqual([
      'exited 0',
      'stopped 0',
      'start-failed 0',
      'settled 0 DM_INSTANCE_EXITED',
    ])
    expect(actions[3]).toMatchObject({
      error: { message: 'instance 0 exited before it was ready: signal SIGSEGV' },
    })
  })

  it('names the error that ended it', () => {
    const supervisor = launched({ respawn: { ...supervisorPolicy.respawn, attemptsMax: 1 } })
    const error = new Error('no such file')
    const actions = supervisor.exited(0, { code: null, signal: null, error }, 0)
    expect(actions[0]).toMatchObject({ event: { exit: { message: 'no such file' } } })
    expect(actions.at(-1)).toMatchObject({ error: { cause: error } })
  })

  it('follows the end of one that lost its channel, and waits for its exit', () => {
    const supervisor = launched()
    supervisor.ready(0, 0)
    expect(supervisor.channelLost(0, 10)).toEqual([])
    expect(supervisor.channelLost(0, 20)).toEqual([])
    expect(shownActions(supervisor.tick(5_010))).toEqual(['SIGTERM 0'])
    expect(shownActions(supervisor.tick(10_010))).toEqual(['SIGKILL 0'])
    expect(shownActions(supervisor.exited(0, exit, 10_020))).toEqual(['exited 0', 'respawning 0'])
  })
})

describe('stopping', () => {
  it('asks, then SIGTERM, then SIGKILL, then waits for the exit', () => {
    const supervisor = launched()
    supervisor.ready(0, 0)
    const [ask] = supervisor.stop(0, 'why', 100)
    expect(ask).toEqual({ type: 'ask-stop', instance: 0, reason: 'why', timeoutMs: 5_000 })
    expect(shownActions(supervisor.tick(5_100))).toEqual(['SIGTERM 0'])
    expect(shownActions(supervisor.tick(10_100))).toEqual(['SIGKILL 0'])
    expect(supervisor.tick(1e9)).toEqual([])
    expect(shownActions(supervisor.exited(0, exit, 2e9))).toEqual([
      'exited 0',
      'stopped 0',
      'down 0',
    ])
    expect(shownActions(supervisor.stop(0, 'again', 3e9))).toEqual(['down 0'])
  })

  it('tells whoever waits for the start', () => {
    const supervisor = launched()
    expect(shownActions(supervisor.stop(0, 'why', 1))).toEqual([
      'settled 0 DM_START_ABORTED',
      'ask-stop 0',
    ])
  })

  it('is done at once for one that does not run', () => {
    const supervisor = supervise(1)
    expect(shownActions(supervisor.stop(0, 'why', 0))).toEqual(['down 0'])
    supervisor.create(0, 0)
    supervisor.exited(0, exit, 0)
    expect(phase(supervisor)).toBe('backoff')
    const settled = 'settled 0 DM_START_ABORTED'
    expect(shownActions(supervisor.stop(0, 'why', 0))).toEqual([settled, 'stopped 0', 'down 0'])
    expect(supervisor.tick(1e9)).toEqual([])
  })

  it('takes over one that is ended for its start timeout', () => {
    const supervisor = launched()
    supervisor.tick(10_000)
    expect(supervisor.stop(0, 'why', 10_001)).toEqual([])
    expect(shownActions(supervisor.exited(0, exit, 10_002))).toEqual([
      'exited 0',
      'stopped 0',
      'down 0',
    ])
  })

  it('gives way to a create() that came meanwhile, after the exit', () => {
    const supervisor = launched()
    supervisor.ready(0, 0)
    supervisor.stop(0, 'why', 1)
    expect(supervisor.create(0, 2)).toEqual([])
    expect(shownActions(supervisor.exited(0, exit, 3))).toEqual(['exited 0', 'down 0', 'launch 0'])
  })

  it('of all launches none of those that waited for their turn', () => {
    const supervisor = supervise(3, { startConcurrency: 1 })
    for (const id of [0, 1, 2]) supervisor.create(id, 0)
    expect(shownActions(supervisor.stopAll('why', 1))).toEqual([
      'settled 0 DM_START_ABORTED',
      'ask-stop 0',
      ...[1, 2].flatMap((id) => [`settled ${id} DM_START_ABORTED`, `stopped ${id}`, `down ${id}`]),
    ])
    expect(shownActions(supervisor.exited(0, exit, 2))).toEqual(['exited 0', 'stopped 0', 'down 0'])
  })
})

describe('an id that does not exist', () => {
  it('is refused', () => {
    expect(() => supervise(1).create(1, 0)).toThrow(
      expect.objectContaining({ code: 'DM_INSTANCE_UNKNOWN' }),
    )
  })
})
