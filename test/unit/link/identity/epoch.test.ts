import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { epochFileName, epochMax, epochOfFile, nextEpoch } from '../../../../src/link/epoch.js'

const clock = fc.oneof(fc.double(), fc.integer({ min: -10, max: 10 }), fc.maxSafeInteger())

describe('the next epoch', () => {
  it.each([
    ['is the time where nothing was before', undefined, 1_764_000_000_000, 1_764_000_000_000],
    ['is the time where that is later than all before', 7, 1_764_000_000_000, 1_764_000_000_000],
    ['is one more where the clock stands still', 1_764_000_000_000, 1_764_000_000_000, 1_764e9 + 1],
    ['is one more where the clock went back', 1_764_000_000_000, 1_000, 1_764e9 + 1],
    ['is a whole number', undefined, 12.75, 12],
    ['is above zero, which children have, before 1970 too', undefined, -5, 1],
    ['goes on above zero', 0, -5, 1],
    ['ends with the last number that travels', epochMax - 1, 0, epochMax],
    ['is that one for a clock beyond it', undefined, 1e300, epochMax],
    ['is none above it', epochMax, 1e300, undefined],
  ])('%s', (_, stored, wallClock, expected) => {
    expect(nextEpoch(stored, wallClock)).toBe(expected)
  })

  it('grows with every start, whatever the clock does', () => {
    const clocks = fc.array(clock.filter((time) => !Number.isNaN(time) && time < epochMax / 2))
    fc.assert(
      fc.property(clocks, (times) => {
        let stored: number | undefined
        for (const time of times) {
          const epoch = nextEpoch(stored, time)
          expect(Number.isSafeInteger(epoch)).toBe(true)
          expect(epoch).toBeGreaterThan(Math.max(stored ?? 0, Math.floor(time) - 1))
          stored = epoch
        }
      }),
    )
  })
})

describe('the file of an epoch', () => {
  it('has it in its name', () => {
    for (const epoch of [1, 1_764_000_000_000, epochMax]) {
      expect(epochOfFile(epochFileName(epoch))).toBe(epoch)
    }
  })

  it.each(['epoch-', 'epoch-1.tmp', 'epoch--1', 'epoch-1e3', 'my-epoch-1', 'identity.json', ''])(
    'is not %j',
    (name) => {
      expect(epochOfFile(name)).toBeUndefined()
    },
  )

  it('with a number too large for any start counts as the highest one', () => {
    expect(epochOfFile(`epoch-${'9'.repeat(400)}`)).toBe(epochMax)
  })
})
