import { describe, expect, it } from 'vitest'
import { RestLimits } from '../../src/rest-limits.js'

describe('RestLimits', () => {
  it('counts down and starts anew with each window', () => {
    const limits = new RestLimits()
    for (let n = 0; n < 10; n += 1) expect(limits.sync(n !== 0, 1_000)).toBeUndefined()
    expect(limits.view(1_000)).toEqual({
      allowed: 40,
      allowedResetAt: 2_000,
      invalid: 9_999,
      invalidResetAt: 601_000,
      locked: false,
    })
    expect(limits.view(2_000)).toMatchObject({ allowed: 50, invalid: 9_999 })
    expect(limits.view(601_000)).toMatchObject({ allowed: 50, invalid: 10_000 })
  })

  it('locks once when one request of the second is left, and opens with the next second', () => {
    const limits = new RestLimits()
    const alarms = Array.from({ length: 60 }, () => limits.sync(true, 5_000)).filter(Boolean)
    expect(alarms).toEqual([{ kind: 2, blockUntil: 6_000 }])
    expect(limits.view(5_999).locked).toBe(true)
    expect(limits.view(6_000).locked).toBe(false)
  })

  it('locks for the rest of ten minutes when one invalid request is left', () => {
    const limits = new RestLimits()
    const alarms = []
    for (let n = 0; n < 9_999; n += 1) alarms.push(limits.sync(false, n * 30))
    expect(alarms.filter((alarm) => alarm?.kind === 0)).toEqual([{ kind: 0, blockUntil: 600_000 }])
  })

  it('passes on what Discord told a bot, but no longer than its longest window', () => {
    const limits = new RestLimits()
    expect(limits.emergency(3, 4_000, 1_000)).toEqual({ kind: 3, blockUntil: 4_000 })
    expect(limits.view(3_999).locked).toBe(true)
    expect(limits.emergency(3, 1e15, 1_000)).toEqual({ kind: 3, blockUntil: 601_000 })
  })
})
