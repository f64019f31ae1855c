import { describe, expect, it } from 'vitest'
import { identifiesPerDay } from '../../../../src/modes/local/respawn.js'
import { dayMs, StartBudget } from '../../../../src/modes/local/start-budget.js'

const minute = 60_000

describe('the budget of session starts', () => {
  it('has room until it is used up', () => {
    const budget = new StartBudget(10)
    budget.take(4, 0)
    budget.take(4, 5)
    expect(budget.roomAt(2, 6)).toBe(6)
    expect(budget.roomAt(3, 6)).toBe(minute + dayMs)
    expect(budget.used(6)).toBe(8)
  })

  it('has room again when starts are a day old, the oldest first', () => {
    const budget = new StartBudget(10)
    budget.take(4, 0)
    budget.take(3, 10 * minute)
    budget.take(3, 20 * minute)
    expect(budget.roomAt(4, 21 * minute)).toBe(minute + dayMs)
    expect(budget.roomAt(5, 21 * minute)).toBe(11 * minute + dayMs)
    expect(budget.used(minute + dayMs - 1)).toBe(10)
    expect(budget.used(minute + dayMs)).toBe(6)
    expect(budget.roomAt(4, minute + dayMs)).toBe(minute + dayMs)
  })

  it('counts what goes beyond it, and waits longer then', () => {
    const budget = new StartBudget(10)
    budget.take(8, 0)
    budget.take(8, 10 * minute)
    expect(budget.used(10 * minute)).toBe(16)
    expect(budget.roomAt(2, 10 * minute)).toBe(minute + dayMs)
    expect(budget.roomAt(3, 10 * minute)).toBe(11 * minute + dayMs)
  })

  it('lets an instance through that is larger than all of it, when nothing else counts', () => {
    const budget = new StartBudget(3)
    expect(budget.roomAt(4, 7)).toBe(7)
    budget.take(4, 7)
    expect(budget.roomAt(4, 8)).toBe(minute + dayMs)
    expect(budget.roomAt(4, minute + dayMs)).toBe(minute + dayMs)
  })

  it('never says that there is room later, and then that there is none', () => {
    const budget = new StartBudget(5)
    for (let now = 0; now < 3 * dayMs; now += 7_777_777) {
      const at = budget.roomAt(2, now)
      expect(at).toBeGreaterThanOrEqual(now)
      expect(at).toBeLessThanOrEqual(now + dayMs + minute)
      if (at === now) budget.take(2, now)
      expect(budget.used(now)).toBeLessThanOrEqual(5)
    }
  })
})

describe('what a machine may start in a day', () => {
  it.each([
    ['a small bot on one machine', undefined, 4, 4, 1_000],
    ['half of a small bot', undefined, 2, 4, 500],
    ['half of a large bot', undefined, 500, 1_000, 2_500],
    ['one shard of a bot of 256', undefined, 1, 256, 5],
    ['what the user says', 7, 500, 1_000, 7],
  ])('%s', (_what, given, shardsHere, totalShards, expected) => {
    expect(identifiesPerDay(given, shardsHere, totalShards)).toBe(expected)
  })
})
