/** Instances that are added to a supervisor, and removed from it. */
import { describe, expect, it } from 'vitest'
import type { Supervisor } from '../../../../src/modes/local/supervisor.js'
import { readySupervisor, shownActions, supervisorPolicy } from '../../../support/supervision.js'

const exit = { code: 1, signal: null }
const state = expect.objectContaining({ code: 'DM_STATE' })
const unknown = expect.objectContaining({ code: 'DM_INSTANCE_UNKNOWN' })

const plan = (id: number, count = 1) => ({
  id,
  shards: Array.from({ length: count }, (_, at) => 10 * id + at),
})

/** Removes an instance that runs, with its exit. */
function remove(supervisor: Supervisor, id: number, now: number): void {
  supervisor.remove([id], 'why', now)
  supervisor.exited(id, exit, now)
  expect(supervisor.forget(id)).toBe(true)
}

/** Falls after an hour of good work, and has its respawn due. */
function fall(supervisor: Supervisor, id: number, now: number): string[] {
  supervisor.exited(id, exit, now)
  const shown = shownActions(supervisor.tick(now + 1_000))
  supervisor.ready(id, now + 2_000)
  return shown
}

describe('an instance that is added', () => {
  it('is down until it is created, and then like any other', () => {
    const supervisor = readySupervisor(1)
    supervisor.add([plan(5)], 10)
    expect(supervisor.view(5).phase).toBe('stopped')
    expect(shownActions(supervisor.create(5, 10))).toEqual(['launch 5'])
    expect(shownActions(supervisor.ready(5, 20))).toEqual(['ready 5', 'settled 5 ok'])
  })

  it('waits for its turn behind those that start', () => {
    const supervisor = readySupervisor(0, { startConcurrency: 1 })
    supervisor.add([plan(0), plan(1)], 0)
    supervisor.create(0, 0)
    expect(supervisor.create(1, 0)).toEqual([])
    supervisor.add([plan(2)], 1)
    expect(supervisor.create(2, 1)).toEqual([])
    expect(shownActions(supervisor.ready(0, 2))).toContain('launch 1')
    expect(shownActions(supervisor.ready(1, 3))).toContain('launch 2')
  })

  it('waits as long for ready as its shards need', () => {
    const supervisor = readySupervisor(0, { startTimeoutMs: undefined })
    supervisor.add([plan(0, 2)], 0)
    supervisor.create(0, 0)
    expect(supervisor.deadline()).toBe(60_000)
  })

  it('may not be here already, also not on its way out, and then none of them is added', () => {
    const supervisor = readySupervisor(1)
    expect(() => supervisor.add([plan(4), plan(0)], 1)).toThrow(state)
    expect(() => supervisor.add([plan(4), plan(4)], 1)).toThrow(state)
    expect(() => supervisor.view(4)).toThrow(unknown)
    supervisor.remove([0], 'why', 1)
    expect(() => supervisor.add([plan(0)], 2)).toThrow(state)
    supervisor.exited(0, exit, 3)
    expect(() => supervisor.add([plan(0)], 3)).toThrow(state)
    supervisor.forget(0)
    supervisor.add([plan(0)], 4)
    expect(supervisor.view(0).phase).toBe('stopped')
  })
})

describe('an instance that is removed', () => {
  it('is asked, pressed and killed, and forgotten only after its exit', () => {
    const supervisor = readySupervisor(2)
    expect(shownActions(supervisor.remove([0], 'why', 100))).toEqual(['ask-stop 0'])
    expect(supervisor.isStaying(0)).toBe(false)
    expect(supervisor.isStaying(1)).toBe(true)
    expect(shownActions(supervisor.tick(5_100))).toEqual(['SIGTERM 0'])
    expect(shownActions(supervisor.tick(10_100))).toEqual(['SIGKILL 0'])
    expect(supervisor.forget(0)).toBe(false)
    const actions = supervisor.exited(0, exit, 10_200)
    expect(shownActions(actions)).toEqual(['exited 0', 'stopped 0', 'down 0'])
    expect(supervisor.forget(0)).toBe(true)
    expect(() => supervisor.view(0)).toThrow(unknown)
    expect(supervisor.forget(0)).toBe(false)
    expect(supervisor.view(1).phase).toBe('ready')
  })

  it('does not come back, whoever wanted it up: no crash, no restart, no create()', () => {
    const supervisor = readySupervisor(1, { maxMemoryMb: 100 })
    for (const at of [1, 2]) supervisor.memory(0, 200, at)
    supervisor.remove([0], 'why', 3)
    expect(() => supervisor.create(0, 4)).toThrow(state)
    expect(shownActions(supervisor.exited(0, exit, 5))).toEqual(['exited 0', 'stopped 0', 'down 0'])
    expect(supervisor.forget(0)).toBe(true)
  })

  it('gives way though a create() after its stop has been asked for', () => {
    const supervisor = readySupervisor(1)
    supervisor.stop(0, 'kill', 1)
    supervisor.create(0, 2)
    const settled = 'settled 0 DM_START_ABORTED'
    expect(shownActions(supervisor.remove([0], 'why', 3))).toEqual([settled])
    expect(shownActions(supervisor.exited(0, exit, 4))).toEqual(['exited 0', 'stopped 0', 'down 0'])
  })

  it('while it starts tells whoever waits for that, and makes room for the next', () => {
    const supervisor = readySupervisor(0, { startConcurrency: 1 })
    supervisor.add([plan(0), plan(1)], 0)
    for (const id of [0, 1]) supervisor.create(id, 0)
    expect(shownActions(supervisor.remove([0], 'why', 1))).toEqual([
      'settled 0 DM_START_ABORTED',
      'ask-stop 0',
      'launch 1',
    ])
  })

  it('while it waits for its turn is never launched', () => {
    const supervisor = readySupervisor(0, { startConcurrency: 1 })
    supervisor.add([plan(0), plan(1)], 0)
    for (const id of [0, 1]) supervisor.create(id, 0)
    const aborted = 'settled 1 DM_START_ABORTED'
    const actions = supervisor.remove([1], 'why', 1)
    expect(shownActions(actions)).toEqual([aborted, 'stopped 1', 'down 1'])
    expect(supervisor.forget(1)).toBe(true)
    expect(shownActions(supervisor.ready(0, 2))).toEqual(['ready 0', 'settled 0 ok'])
  })

  it('in backoff leaves no timer behind', () => {
    const supervisor = readySupervisor(1)
    supervisor.exited(0, exit, 1)
    expect(supervisor.deadline()).toBeDefined()
    expect(shownActions(supervisor.remove([0], 'why', 2))).toEqual(['stopped 0', 'down 0'])
    expect(supervisor.forget(0)).toBe(true)
    expect(supervisor.deadline()).toBeUndefined()
    expect(supervisor.tick(1e9)).toEqual([])
  })

  it('in a crash loop is gone at once', () => {
    const { respawn } = supervisorPolicy
    const supervisor = readySupervisor(1, { respawn: { ...respawn, attemptsMax: 1 } })
    supervisor.exited(0, exit, 1)
    expect(supervisor.view(0).phase).toBe('crash-loop')
    expect(shownActions(supervisor.remove([0], 'why', 2))).toEqual(['stopped 0', 'down 0'])
    expect(supervisor.forget(0)).toBe(true)
  })
})

describe('the budget of session starts', () => {
  const room = 86_460_000
  const hour = 3_600_000
  /** 5 sessions per shard that is here. */
  const large = { totalShards: 1_000_000 }

  it('shrinks with a removed instance, and what that one has spent still counts', () => {
    const supervisor = readySupervisor(2, large)
    for (const at of [1, 2, 3]) fall(supervisor, 1, at * hour)
    remove(supervisor, 1, 4 * hour)
    // Five for the shard that is left, and all five were spent: four by the one that is gone.
    expect(fall(supervisor, 0, 5 * hour)).toEqual(['respawn-held 0'])
    expect(supervisor.deadline()).toBe(room)
  })

  it('grows with an added one, so that one that is held need not wait any more', () => {
    const supervisor = readySupervisor(1, large)
    for (const at of [1, 2, 3, 4]) fall(supervisor, 0, at * hour)
    expect(fall(supervisor, 0, 5 * hour)).toEqual(['respawn-held 0'])
    expect(supervisor.deadline()).toBe(room)
    supervisor.add([plan(7)], 6 * hour)
    expect(supervisor.deadline()).toBe(6 * hour)
    expect(shownActions(supervisor.tick(6 * hour))).toEqual(['launch 0'])
  })

  it('is nothing for a machine of none, and whole again with the next instance', () => {
    const supervisor = readySupervisor(1, large)
    remove(supervisor, 0, hour)
    supervisor.add([plan(1)], hour)
    supervisor.create(1, hour)
    supervisor.ready(1, hour)
    for (const at of [2, 3, 4]) expect(fall(supervisor, 1, at * hour)).toEqual(['launch 1'])
    expect(fall(supervisor, 1, 5 * hour)).toEqual(['respawn-held 1'])
  })
})
