import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../../src/errors.js'
import type { InstanceStatus } from '../../../../../src/modes/local/fleet-types.js'
import { judgeAdopted } from '../../../../../src/modes/machines/child/adopted-start.js'

function statuses(...changes: Partial<InstanceStatus>[]): InstanceStatus[] {
  return changes.map((change, id) => ({
    id,
    shards: [id],
    phase: 'ready',
    pid: 1,
    respawns: 0,
    memoryMb: undefined,
    isHeld: false,
    ...change,
  }))
}

describe('the start of an assignment that runs already', () => {
  it('has succeeded when all are ready', () => {
    expect(judgeAdopted('m', statuses({}, {}))).toEqual({ ok: true })
  })

  it('is open while one is on its way', () => {
    for (const phase of ['waiting', 'starting', 'stopping', 'backoff'] as const) {
      const instances = statuses({ phase }, { phase: 'crash-loop' })
      expect(judgeAdopted('m', instances)).toBeUndefined()
    }
  })

  it('has failed when those that are not ready stay down', () => {
    const instances = statuses(
      {},
      { phase: 'crash-loop' },
      { phase: 'stopped' },
      { phase: 'backoff', isHeld: true },
    )
    expect(judgeAdopted('m', instances)).toMatchObject({
      ok: false,
      error: {
        code: 'DM_START_FAILED',
        message: '3 of 4 instances of m are down',
        failures: [
          { code: 'DM_INSTANCE_CRASH_LOOP', instance: 1 },
          { code: 'DM_OFFLINE', instance: 2 },
          { code: 'DM_RESPAWN_HELD', instance: 3 },
        ],
      },
    })
  })

  it('says what its first start said', () => {
    const first = new MachinesError('DM_INSTANCE_EXITED', 'exit code 1', { instance: 0 })
    const former = new MachinesError('DM_START_FAILED', 'no', { failures: [first] })
    const verdict = judgeAdopted('m', statuses({ phase: 'stopped' }), former)
    expect(verdict).toMatchObject({ error: { failures: [first] } })
  })
})
