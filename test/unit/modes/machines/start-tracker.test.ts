import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import { limits } from '../../../../src/limits.js'
import { StartTracker } from '../../../../src/modes/machines/parent/start-tracker.js'

const failure = (machine: string) => new MachinesError('DM_DIAL_TIMEOUT', 'no answer', { machine })

describe('StartTracker', () => {
  it('decides nothing before every machine has spoken', () => {
    const tracker = new StartTracker(['a', 'b', 'c'])
    expect(tracker.settle('a', failure('a'))).toBeUndefined()
    expect(tracker.settle('b')).toBeUndefined()
    expect(['a', 'b', 'c'].map((name) => tracker.waitsFor(name))).toEqual([false, false, true])
    expect(tracker.settle('c')).toMatchObject({ ok: false, error: { code: 'DM_START_FAILED' } })
  })

  it('is well when all are ready', () => {
    const tracker = new StartTracker(['a', 'b'])
    tracker.settle('a')
    expect(tracker.settle('b')).toEqual({ ok: true })
  })

  it('counts the first word of each machine, and no strangers', () => {
    const tracker = new StartTracker(['a', 'b'])
    tracker.settle('a')
    expect(tracker.settle('a', failure('a'))).toBeUndefined()
    expect(tracker.settle('stranger')).toBeUndefined()
    expect(tracker.settle('b')).toEqual({ ok: true })
    expect(tracker.settle('b')).toBeUndefined()
  })

  it('names those that failed, with all errors as failures, and keeps its message readable', () => {
    const names = Array.from({ length: limits.failuresShownMax + 5 }, (_, index) => `m${index}`)
    const tracker = new StartTracker(names)
    const results = names.map((name) => tracker.settle(name, failure(name)))
    const last = results.at(-1)
    const error = last?.ok === false ? last.error : undefined
    expect(error?.failures).toHaveLength(names.length)
    const lines = error?.message.split('\n') ?? []
    expect(lines[0]).toBe(`${names.length} of ${names.length} machines failed to start:`)
    expect(lines[1]).toBe('  m0: no answer')
    expect(lines.at(-1)).toBe('  and 5 more')
    expect(lines).toHaveLength(limits.failuresShownMax + 2)
  })
})
