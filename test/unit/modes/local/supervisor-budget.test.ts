import { describe, expect, it } from 'vitest'
import { dayMs } from '../../../../src/modes/local/start-budget.js'
import type { Supervisor } from '../../../../src/modes/local/supervisor.js'
import { readySupervisor, shownActions, supervisorPolicy } from '../../../support/supervision.js'

const exit = { code: 1, signal: null }
const hour = 3_600_000
const room = dayMs + 60_000

function budget(identifiesPerDayMax: number) {
  return { respawn: { ...supervisorPolicy.respawn, identifiesPerDayMax } }
}

/** Falls after an hour of good work, and has its respawn due. */
function fall(supervisor: Supervisor, id: number, now: number): string[] {
  supervisor.exited(id, exit, now)
  return shownActions(supervisor.tick(now + 1_000))
}

describe('respawns when the session starts of the day are used up', () => {
  it('are held until there is room, which is said once', () => {
    // Two instances of two shards: four starts, and one respawn more.
    const supervisor = readySupervisor(2, budget(6), 2)
    expect(fall(supervisor, 0, hour)).toEqual(['launch 0'])
    supervisor.ready(0, hour + 2_000)
    supervisor.exited(0, exit, 2 * hour)
    const actions = supervisor.tick(2 * hour + 1_000)
    expect(actions).toEqual([
      {
        type: 'emit',
        event: {
          type: 'respawn-held',
          instance: 0,
          delayMs: room - (2 * hour + 1_000),
          identifiesMax: 6,
          isNews: true,
        },
      },
    ])
    expect(supervisor.view(0)).toMatchObject({ phase: 'backoff', isHeld: true, respawns: 1 })
    supervisor.exited(1, exit, 3 * hour)
    expect(supervisor.tick(3 * hour + 1_000)).toMatchObject([
      { event: { type: 'respawn-held', instance: 1, isNews: false } },
    ])
    expect(supervisor.deadline()).toBe(room)
    expect(supervisor.tick(room - 1)).toEqual([])
    // The starts of the first minute were four.
    expect(shownActions(supervisor.tick(room))).toEqual(['launch 0', 'launch 1'])
    expect(supervisor.view(0)).toMatchObject({ phase: 'starting', isHeld: false, respawns: 2 })
  })

  it('are launched at once when somebody asks for it', () => {
    const supervisor = readySupervisor(1, budget(1))
    fall(supervisor, 0, hour)
    expect(supervisor.view(0)).toMatchObject({ phase: 'backoff', isHeld: true })
    expect(shownActions(supervisor.create(0, 2 * hour))).toEqual(['launch 0'])
    expect(supervisor.view(0)).toMatchObject({ isHeld: false, respawns: 0 })
  })

  it('end like any other backoff when the instance is stopped', () => {
    const supervisor = readySupervisor(1, budget(1))
    fall(supervisor, 0, hour)
    expect(shownActions(supervisor.stop(0, 'why', 2 * hour))).toEqual(['stopped 0', 'down 0'])
    expect(supervisor.deadline()).toBeUndefined()
  })

  it('are not those of a start that somebody waits for', () => {
    const supervisor = readySupervisor(1, budget(1))
    supervisor.stop(0, 'why', hour)
    supervisor.exited(0, exit, hour)
    supervisor.create(0, hour)
    expect(fall(supervisor, 0, hour)).toEqual(['launch 0'])
  })

  it('come back in turn when there is room for one', () => {
    const supervisor = readySupervisor(2, budget(2))
    supervisor.stop(1, 'why', hour)
    supervisor.exited(1, exit, hour)
    supervisor.create(1, hour)
    supervisor.ready(1, hour)
    for (const id of [0, 1]) fall(supervisor, id, 2 * hour)
    expect(shownActions(supervisor.tick(room))).toEqual(['launch 0', 'respawn-held 1'])
    expect(supervisor.deadline()).toBe(room + 10_000)
    supervisor.ready(0, room + 1)
    expect(shownActions(supervisor.tick(room + hour))).toEqual(['launch 1'])
  })
})

describe('the default budget', () => {
  it('lets every shard start five times a day', () => {
    const supervisor = readySupervisor(1, { totalShards: 1_000_000 })
    const launches = Array.from({ length: 6 }, (_, count) => {
      const shown = fall(supervisor, 0, (count + 1) * hour)
      supervisor.ready(0, (count + 1) * hour + 2_000)
      return shown.join()
    })
    expect(launches.slice(0, 5)).toEqual([...Array(4).fill('launch 0'), 'respawn-held 0'])
  })
})

describe('an instance above its memory limit', () => {
  it('runs on when the session starts of the day are used up', () => {
    const supervisor = readySupervisor(1, { ...budget(1), maxMemoryMb: 100 })
    supervisor.memory(0, 200, hour)
    const shown = (now: number) => shownActions(supervisor.memory(0, 200, now))
    expect(shown(hour + 1)).toEqual(['respawn-held 0'])
    expect(shown(hour + 2)).toEqual([])
    expect(supervisor.view(0)).toMatchObject({ phase: 'ready', isHeld: false })
    expect(shown(room)).toEqual(['memory-limit 0', 'ask-stop 0'])
  })

  it('costs session starts too', () => {
    const supervisor = readySupervisor(1, { ...budget(2), maxMemoryMb: 100 })
    for (const at of [1, 2]) supervisor.memory(0, 200, at)
    expect(shownActions(supervisor.exited(0, exit, 3))).toContain('launch 0')
    supervisor.ready(0, 4)
    fall(supervisor, 0, hour)
    expect(supervisor.view(0).isHeld).toBe(true)
  })
})
