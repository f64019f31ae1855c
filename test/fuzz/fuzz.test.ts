import { describe, expect, it } from 'vitest'
import { fuzz, fuzzSeed, runsInAll } from './fuzz.js'
import { linkTargets, recordedIsAccepted } from './link-targets.js'
import { messageTargets } from './message-targets.js'

const targets = [...linkTargets, ...messageTargets]
const weights = targets.reduce((sum, { weight }) => sum + weight, 0)
/** Fifty times what a run takes, for loaded machines. */
const timeout = Math.max(120_000, runsInAll)

describe(`with FUZZ_RUNS=${runsInAll} FUZZ_SEED=${fuzzSeed}`, () => {
  it('begins with handshakes that are accepted', () => {
    expect(recordedIsAccepted()).toBe(true)
  })

  it.each(targets)('$name: no crash, no hang, no growth', { timeout }, (target) => {
    const { accepted, refused } = fuzz(target, (runsInAll * target.weight) / weights)
    // Inputs that are all refused, or none of them, would not get to where bugs are.
    expect(accepted).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  })
})
