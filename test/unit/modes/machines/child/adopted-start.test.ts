import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../../src/errors.js'
import type { InstanceStatus } from '../../../../../src/modes/local/fleet-types.js'
import {
  failuresAmong,
  failuresOf,
  startError,
} from '../../../../../src/modes/machines/child/adopted-start.js'

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

const none: ReadonlyMap<number, Error> = new Map()

describe('the start of an assignment that runs already', () => {
  it('has succeeded when all are ready', () => {
    expect(failuresAmong(statuses({}, {}), none)).toEqual([])
    expect(failuresAmong([], none)).toEqual([])
  })

  it('is open while one is on its way', () => {
    for (const phase of ['waiting', 'starting', 'stopping', 'backoff'] as const) {
      const instances = statuses({ phase }, { phase: 'crash-loop' })
      expect(failuresAmong(instances, none)).toBeUndefined()
    }
  })

  it('has failed when those that are not ready stay down', () => {
    const instances = statuses(
      {},
      { phase: 'crash-loop' },
      { phase: 'stopped' },
      { phase: 'backoff', isHeld: true },
    )
    expect(failuresAmong(instances, none)).toMatchObject([
      { code: 'DM_INSTANCE_CRASH_LOOP', instance: 1 },
      { code: 'DM_OFFLINE', instance: 2 },
      { code: 'DM_RESPAWN_HELD', instance: 3 },
    ])
  })

  it('says what the last start of each said', () => {
    const last = new MachinesError('DM_INSTANCE_EXITED', 'exit code 1', { instance: 0 })
    const instances = statuses({ phase: 'stopped' }, { phase: 'stopped' })
    const failures = failuresAmong(instances, new Map([[0, last]]))
    expect(failures).toMatchObject([last, { code: 'DM_OFFLINE', instance: 1 }])
  })
})

describe('what has failed', () => {
  const one = new MachinesError('DM_OFFLINE', 'it is down', { instance: 3 })

  it('is taken out of the error that names each', () => {
    const all = new MachinesError('DM_START_FAILED', 'no', { failures: [one] })
    expect(failuresOf(all)).toEqual([one])
    expect(failuresOf(one)).toEqual([one])
    expect(failuresOf('a word')).toMatchObject([{ message: 'a word' }])
  })

  it('is told as one error, with how many there are', () => {
    expect(startError('m', 4, [])).toBeUndefined()
    expect(startError('m', 4, [one])).toMatchObject({
      code: 'DM_START_FAILED',
      message: '1 of 4 instances of m are down',
      machine: 'm',
      failures: [one],
    })
  })
})
