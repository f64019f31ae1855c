import { describe, expect, it } from 'vitest'
import { defaultStartTimeoutMs, respawnDelayMs } from '../../../../src/modes/local/respawn.js'

const policy = {
  enabled: true,
  delayMs: 1_000,
  delayMsMax: 60_000,
  attemptsMax: 5,
  healthyMs: 60_000,
}

describe('respawnDelayMs', () => {
  it('doubles up to the longest', () => {
    const delays = [1, 2, 3, 6, 7, 1_000].map((exits) => respawnDelayMs(policy, exits, 0))
    expect(delays).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000])
  })

  it('leaves the upper half to chance', () => {
    expect(respawnDelayMs(policy, 1, 0.5)).toBe(750)
    expect(respawnDelayMs(policy, 1, 0.999)).toBe(1_000)
  })
})

describe('defaultStartTimeoutMs', () => {
  it('grows with the shards', () => {
    expect(defaultStartTimeoutMs(1)).toBe(45_000)
    expect(defaultStartTimeoutMs(32)).toBe(510_000)
  })
})
