import { describe, expect, it } from 'vitest'
import { readySupervisor, shownActions } from '../../../support/supervision.js'

const limit = { maxMemoryMb: 100 }
const exit = { code: 0, signal: null }

describe('an instance that stays above its memory limit', () => {
  it('is asked to stop, and launched again when its exit is confirmed', () => {
    const supervisor = readySupervisor(1, limit)
    expect(shownActions(supervisor.memory(0, 101, 1))).toEqual(['memory 0'])
    const actions = supervisor.memory(0, 102, 2)
    expect(shownActions(actions)).toEqual(['memory-limit 0', 'ask-stop 0'])
    expect(actions).toEqual([
      {
        type: 'emit',
        event: { type: 'memory-limit', instance: 0, memoryMb: 102, limitMb: 100 },
      },
      { type: 'ask-stop', instance: 0, reason: 'memory', timeoutMs: 5_000 },
    ])
    expect(supervisor.view(0)).toMatchObject({ phase: 'stopping', memoryMb: 102, respawns: 1 })
    expect(shownActions(supervisor.memory(0, 103, 3))).toEqual([])
    expect(shownActions(supervisor.exited(0, exit, 4))).toEqual(['exited 0', 'down 0', 'launch 0'])
    expect(supervisor.view(0)).toMatchObject({ phase: 'starting', memoryMb: undefined })
    expect(shownActions(supervisor.ready(0, 5))).toEqual(['ready 0'])
  })

  it('gets SIGTERM and SIGKILL like any other', () => {
    const supervisor = readySupervisor(1, limit)
    supervisor.memory(0, 101, 0)
    supervisor.memory(0, 101, 0)
    expect(shownActions(supervisor.tick(5_000))).toEqual(['SIGTERM 0'])
    expect(shownActions(supervisor.tick(10_000))).toEqual(['SIGKILL 0'])
  })

  it('is no crash, and is restarted where respawn is off', () => {
    const supervisor = readySupervisor(1, {
      ...limit,
      respawn: { enabled: false, delayMs: 1, delayMsMax: 1, attemptsMax: 1, healthyMs: 1 },
    })
    for (const at of [1, 2, 3]) {
      supervisor.memory(0, 101, at)
      supervisor.memory(0, 101, at)
      expect(shownActions(supervisor.exited(0, { code: 9, signal: null }, at))).toContain(
        'launch 0',
      )
      supervisor.ready(0, at)
    }
    expect(supervisor.view(0)).toMatchObject({ phase: 'ready', respawns: 3 })
  })

  it('waits for its turn while another is restarted for its memory', () => {
    const supervisor = readySupervisor(2, limit)
    for (const id of [0, 1, 0, 1]) supervisor.memory(id, 101, 0)
    expect([supervisor.view(0).phase, supervisor.view(1).phase]).toEqual(['stopping', 'ready'])
    supervisor.exited(0, exit, 1)
    expect(shownActions(supervisor.memory(1, 101, 2))).toEqual([])
    supervisor.ready(0, 3)
    expect(shownActions(supervisor.memory(1, 101, 4))).toEqual(['memory-limit 1', 'ask-stop 1'])
  })

  it('does not wait for one that fell on its way back', () => {
    const supervisor = readySupervisor(2, limit)
    for (const id of [0, 0, 1]) supervisor.memory(id, 101, 0)
    supervisor.exited(0, exit, 1)
    supervisor.exited(0, exit, 2)
    expect(supervisor.view(0).phase).toBe('backoff')
    expect(shownActions(supervisor.memory(1, 101, 3))).toContain('ask-stop 1')
  })

  it('stays down when somebody stops it meanwhile', () => {
    const supervisor = readySupervisor(1, limit)
    supervisor.memory(0, 101, 0)
    supervisor.memory(0, 101, 0)
    supervisor.stop(0, 'why', 1)
    expect(shownActions(supervisor.exited(0, exit, 2))).toEqual(['exited 0', 'stopped 0', 'down 0'])
    expect(supervisor.deadline()).toBeUndefined()
  })
})

describe('reports of memory', () => {
  it('before ready, and between two incarnations, do not count', () => {
    const supervisor = readySupervisor(1, limit)
    supervisor.exited(0, exit, 1)
    expect(supervisor.memory(0, 500, 2)).toEqual([])
    supervisor.tick(1e6)
    supervisor.memory(0, 500, 1e6)
    supervisor.memory(0, 500, 1e6)
    expect(supervisor.view(0)).toMatchObject({ phase: 'starting', memoryMb: 500 })
    supervisor.ready(0, 1e6)
    expect(shownActions(supervisor.memory(0, 500, 1e6))).toEqual([])
    expect(shownActions(supervisor.memory(0, 500, 1e6))).toEqual(['memory-limit 0', 'ask-stop 0'])
  })
})
