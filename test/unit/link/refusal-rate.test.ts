import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { RefusalRate } from '../../../src/link/refusal-rate.js'

const { refusalsFree, refusalDelayMsMin, refusalDelayMsMax, refusalForgiveMs } = limits

/** A rate with so many failures of one address at time 0. */
function failing(times: number, address = 'a'): RefusalRate {
  const rate = new RefusalRate()
  for (let count = 0; count < times; count++) rate.failed(address, 0)
  return rate
}

describe('RefusalRate', () => {
  it('costs an address nothing for its first failures', () => {
    expect(failing(refusalsFree).waitMs('a', 0)).toBe(0)
    expect(failing(refusalsFree + 1).waitMs('a', 0)).toBe(refusalDelayMsMin)
  })

  it('doubles the wait with every further failure, up to the longest one', () => {
    const waits = Array.from({ length: 12 }, (_, n) => failing(refusalsFree + 1 + n).waitMs('a', 0))
    expect(waits.slice(0, 4)).toEqual([100, 200, 400, 800])
    expect(waits.at(-1)).toBe(refusalDelayMsMax)
    expect(failing(10_000).waitMs('a', 0)).toBe(refusalDelayMsMax)
  })

  it('lets the address in again when the wait is over, and asks no other to wait', () => {
    const rate = failing(refusalsFree + 3)
    expect(rate.waitMs('a', 399)).toBe(1)
    expect(rate.waitMs('a', 400)).toBe(0)
    expect(rate.waitMs('b', 0)).toBe(0)
  })

  it('forgives with time, so who fails at the pace of a slow parent never waits', () => {
    const rate = new RefusalRate()
    for (let count = 0; count < 1_000; count++) {
      const now = count * refusalForgiveMs
      expect(rate.waitMs('a', now)).toBe(0)
      rate.failed('a', now)
    }
  })

  it('forgives everything once somebody there has proven who he is', () => {
    const rate = failing(20)
    rate.succeeded('a')
    expect(rate.waitMs('a', 0)).toBe(0)
    expect([rate.isProven('a'), rate.isProven('b')]).toEqual([true, false])
  })

  it('never locks a proven address out for long', () => {
    const rate = new RefusalRate()
    rate.succeeded('a')
    for (let count = 0; count < 100; count++) rate.failed('a', 0)
    expect(rate.waitMs('a', 0)).toBe(limits.refusalDelayProvenMsMax)
  })

  it('keeps no more addresses than its bounds, whoever comes', () => {
    const rate = failing(20, 'first')
    for (let count = 0; count < limits.refusalAddressesMax; count++) rate.failed(`a${count}`, 0)
    expect(rate.waitMs('first', 0)).toBe(0)
    rate.succeeded('parent')
    for (let count = 1; count < limits.provenAddressesMax; count++) rate.succeeded(`p${count}`)
    expect(rate.isProven('parent')).toBe(true)
    rate.succeeded('parent')
    rate.succeeded('one more')
    expect([rate.isProven('parent'), rate.isProven('p1')]).toEqual([true, false])
  })

  it('never gives a wait below zero or above the longest, whatever happens when', () => {
    const step = fc.record({
      address: fc.constantFrom('a', 'b', 'c'),
      succeeds: fc.boolean(),
      passMs: fc.nat(100_000),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const rate = new RefusalRate()
        let now = 0
        for (const { address, succeeds, passMs } of steps) {
          now += passMs
          if (succeeds) rate.succeeded(address)
          else rate.failed(address, now)
          const longest = rate.isProven(address)
            ? limits.refusalDelayProvenMsMax
            : refusalDelayMsMax
          const waitMs = rate.waitMs(address, now)
          expect(waitMs >= 0 && waitMs <= longest).toBe(true)
          expect(rate.waitMs(address, now + longest)).toBe(0)
        }
      }),
    )
  })
})
