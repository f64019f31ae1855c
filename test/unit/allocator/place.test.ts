import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { place } from '../../../src/allocator/place.js'
import { carriedOut, group, loadsOf, room, worlds } from './rooms.js'

describe('place', () => {
  it('spreads the instances of a lost machine by weight', () => {
    const rooms = [room('a', { isUsable: false }), room('b', { weight: 2 }), room('c')]
    const [lost, others] = [group(0, 6, 'a'), [...group(6, 2, 'b'), ...group(8, 1, 'c')]]
    const placed = [...lost, ...others]
    const placement = place(rooms, placed, lost)
    expect(placement.unplaced).toEqual([])
    expect(loadsOf(rooms, carriedOut(placed, placement))).toEqual([0, 6, 3])
    expect(placement.moves.map(({ instance }) => instance)).toEqual([0, 1, 2, 3, 4, 5])
    expect(placement.moves.every(({ from }) => from === 'a')).toBe(true)
  })

  it('counts the orphans once, whether or not they are among those that are placed', () => {
    const rooms = [room('a'), room('b')]
    const [lost, others] = [group(0, 2, 'gone'), group(2, 3, 'a')]
    expect(place(rooms, others, lost)).toEqual(place(rooms, [...lost, ...others], lost))
  })

  it('sends home what can go there, however full that is beside the others', () => {
    const rooms = [room('a'), room('b')]
    const placed = [...group(0, 5, 'a'), { instance: 5, shards: 1, at: 'lost', home: 'a' }]
    expect(place(rooms, placed, placed.slice(5)).moves).toEqual([
      { instance: 5, from: 'lost', to: 'a' },
    ])
  })

  it('leaves an orphan where it is when that is best: no move', () => {
    const placed = group(0, 1, 'a')
    expect(place([room('a')], placed, placed)).toEqual({ moves: [], unplaced: [] })
  })

  it('puts large ones first, and those that fit nowhere on a list', () => {
    const rooms = [room('a', { maxShards: 4 }), room('b', { maxShards: 3, weight: 0.1 })]
    const sizes = [1, 3, 5, 3, 1]
    const lost = sizes.map((shards, instance) => ({ instance, shards, at: undefined, home: 'x' }))
    expect(place(rooms, [], lost)).toEqual({
      moves: [
        { instance: 0, from: undefined, to: 'a' },
        { instance: 1, from: undefined, to: 'a' },
        { instance: 3, from: undefined, to: 'b' },
      ],
      unplaced: [2, 4],
    })
  })

  it('has nowhere to go when no machine is usable', () => {
    const lost = group(0, 2, 'a')
    const expected = { moves: [], unplaced: [0, 1] }
    expect(place([room('a', { isUsable: false })], lost, lost)).toEqual(expected)
    expect(place([], lost, lost)).toEqual(expected)
  })

  it('overfills nobody, uses only what is usable, and moves orphans alone', () => {
    fc.assert(
      fc.property(worlds(5, 12, fc.integer({ min: 1, max: 4 })), ({ rooms, placed }) => {
        const usable = new Set(rooms.filter((one) => one.isUsable).map(({ machine }) => machine))
        const orphans = placed.filter(({ at }) => at === undefined || !usable.has(at))
        const placement = place(rooms, placed, orphans)
        const ids = new Set(orphans.map(({ instance }) => instance))
        expect(
          placement.moves.every(({ instance, to }) => ids.has(instance) && usable.has(to)),
        ).toBe(true)
        expect(placement.moves.length + placement.unplaced.length).toBe(orphans.length)
        const loads = loadsOf(rooms, carriedOut(placed, placement))
        const before = loadsOf(rooms, placed)
        for (const [n, { machine, maxShards }] of rooms.entries()) {
          const load = loads[n] ?? Number.NaN
          if (usable.has(machine))
            expect(load).toBeLessThanOrEqual(Math.max(before[n] ?? 0, maxShards ?? load))
        }
        // Whoever is left over would have fitted nowhere.
        for (const { instance, shards } of orphans) {
          if (!placement.unplaced.includes(instance)) continue
          const free = rooms.map(({ machine, maxShards }, n) =>
            usable.has(machine) ? (maxShards ?? Number.POSITIVE_INFINITY) - (loads[n] ?? 0) : 0,
          )
          expect(Math.max(...free)).toBeLessThan(shards)
        }
      }),
    )
  })
})
