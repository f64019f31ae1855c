import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeadlineWheel } from '../../../src/routing/deadline-wheel.js'
import { Ticker } from '../../../src/routing/ticker.js'
import { realSystem } from '../../../src/system/system.js'

describe('DeadlineWheel', () => {
  it('gives an item once, not before its deadline and at most one bucket after it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5_000), { maxLength: 60 }),
        fc.array(fc.nat(700), { minLength: 1, maxLength: 40 }),
        (deadlines, steps) => {
          const wheel = new DeadlineWheel<{ deadline: number }>(50)
          const waiting = new Set(deadlines.map((deadline) => ({ deadline })))
          for (const item of waiting) wheel.add(item)
          let now = 0
          for (const step of steps) {
            now += step
            for (const item of wheel.expired(now)) {
              expect(item.deadline).toBeLessThanOrEqual(now)
              expect(waiting.delete(item)).toBe(true)
            }
            for (const item of waiting) expect(item.deadline).toBeGreaterThan(now - 50)
            expect(wheel.size).toBe(waiting.size)
          }
        },
      ),
    )
  })

  it('forgets what is removed, and takes what is added behind its hand', () => {
    const wheel = new DeadlineWheel<{ deadline: number }>(50)
    const [early, late] = [{ deadline: 100 }, { deadline: 1_000_000 }]
    wheel.add(early)
    wheel.add(late)
    wheel.add(late)
    wheel.remove(early)
    wheel.remove(early)
    expect(wheel.size).toBe(1)
    expect(wheel.expired(500)).toEqual([])
    wheel.add(early)
    expect(wheel.expired(550)).toEqual([early])
    expect(wheel.expired(2_000_000)).toEqual([late])
    expect(wheel.size).toBe(0)
  })
})

describe('Ticker', () => {
  it('runs one timer while something waits, and rests otherwise', () => {
    const timers: (() => void)[] = []
    const system = {
      ...realSystem,
      setTimer(_: number, action: () => void) {
        timers.push(action)
        return () => timers.splice(0)
      },
    }
    let left = 2
    const ticker = new Ticker(system, () => --left > 0)
    ticker.wake()
    ticker.wake()
    expect(timers).toHaveLength(1)
    timers.shift()?.()
    expect(timers).toHaveLength(1)
    timers.shift()?.()
    expect(timers).toHaveLength(0)
    ticker.wake()
    expect(timers).toHaveLength(1)
    ticker.stop()
    ticker.wake()
    expect(timers).toHaveLength(0)
  })
})
