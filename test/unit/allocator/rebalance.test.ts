import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Placed, Room } from '../../../src/allocator/placement.js'
import { rebalance } from '../../../src/allocator/rebalance.js'
import { everyArrangement } from './every-arrangement.js'
import { carriedOut, group, loadsOf, offBy, room, shardsMoved, worlds } from './rooms.js'

function loadsAfter(rooms: readonly Room[], placed: readonly Placed[]): number[] {
  return loadsOf(rooms, carriedOut(placed, rebalance(rooms, placed)))
}

describe('rebalance', () => {
  it('moves nothing when the loads follow the weights', () => {
    const rooms = [room('a', { weight: 2 }), room('b')]
    const placed = [...group(0, 4, 'a'), ...group(4, 2, 'b')]
    expect(rebalance(rooms, placed)).toEqual({ moves: [], unplaced: [] })
  })

  it.each([
    ['one shard cannot be halved', [3, 2], 1],
    ['an instance is too large to make it better', [2, 1], 4],
    ['a half is enough only if it makes it better', [4, 3, 3], 2],
  ])('moves nothing when %s', (_, counts, shards) => {
    const rooms = counts.map((__, n) => room(`m${n}`))
    const placed = counts.flatMap((count, n) => group(n * 10, count, `m${n}`, { shards }))
    expect(rebalance(rooms, placed).moves).toEqual([])
  })

  it('brings instances home to a machine that is back, and no others', () => {
    const rooms = ['a', 'b', 'c'].map((name) => room(name, { weight: 4 }))
    const own = ['a', 'b', 'c'].flatMap((name, n) => group(n * 4, 4, name))
    const spread = own.map((one, n) => (one.home === 'a' ? { ...one, at: n % 2 ? 'b' : 'c' } : one))
    const { moves } = rebalance(rooms, spread)
    expect(moves).toEqual([
      { instance: 0, from: 'c', to: 'a' },
      { instance: 1, from: 'b', to: 'a' },
      { instance: 2, from: 'c', to: 'a' },
      { instance: 3, from: 'b', to: 'a' },
    ])
  })

  it('empties a machine that is drained, into those that have less than their share', () => {
    const rooms = [room('a', { isUsable: false }), room('b'), room('c')]
    const placed = [...group(0, 3, 'a'), ...group(3, 4, 'b'), ...group(7, 1, 'c')]
    expect(loadsAfter(rooms, placed)).toEqual([0, 4, 4])
    expect(rebalance(rooms, placed).moves.map(({ from, to }) => `${from} ${to}`)).toEqual([
      'a c',
      'a c',
      'a c',
    ])
  })

  it('takes in what is nowhere, and what is on a machine that is not there any more', () => {
    const rooms = [room('a'), room('b')]
    const placed = [...group(0, 1, undefined, { home: 'b' }), ...group(1, 1, 'removed')]
    expect(rebalance(rooms, placed).moves).toEqual([
      { instance: 0, from: undefined, to: 'b' },
      { instance: 1, from: 'removed', to: 'a' },
    ])
  })

  it('fills a machine that was added with what is not at home where it is', () => {
    const rooms = [room('a'), room('b'), room('new')]
    const placed = [...group(0, 2, 'a'), ...group(2, 4, 'a', { home: 'lost' }), ...group(6, 3, 'b')]
    expect(rebalance(rooms, placed).moves.map(({ instance, to }) => [instance, to])).toEqual([
      [3, 'new'],
      [4, 'new'],
      [5, 'new'],
    ])
  })

  it('moves small instances where large ones would overshoot', () => {
    const rooms = [room('a'), room('b')]
    const placed = [...group(0, 2, 'a', { shards: 8 }), ...group(2, 6, 'a')]
    // 22 shards, 11 for each: 8 and 3 times 1.
    expect(loadsAfter(rooms, placed)).toEqual([11, 11])
    expect(rebalance(rooms, placed).moves).toHaveLength(4)
  })

  it('keeps to maxShards, and says what fits nowhere', () => {
    const rooms = [room('a', { maxShards: 3 }), room('b', { maxShards: 2, weight: 9 })]
    const placed = group(0, 7, undefined)
    const placement = rebalance(rooms, placed)
    expect(loadsOf(rooms, carriedOut(placed, placement))).toEqual([3, 2])
    expect(placement.unplaced).toEqual([5, 6])
    expect(rebalance([], placed).unplaced).toHaveLength(7)
  })

  it('lets a machine that has too much for its maxShards give it away', () => {
    const rooms = [room('a', { maxShards: 2 }), room('b')]
    expect(loadsAfter(rooms, group(0, 8, 'a'))).toEqual([2, 6])
  })

  it('finds the fewest shards that get as close, where instances have one size', () => {
    fc.assert(
      fc.property(worlds(3, 6, fc.constant(2)), ({ rooms, placed }) => {
        const placement = rebalance(rooms, placed)
        const found = offBy(rooms, carriedOut(placed, placement))
        const others = everyArrangement(rooms, placed).filter(
          ({ unplaced }) => unplaced <= placement.unplaced.length,
        )
        expect(found).toBeCloseTo(Math.min(...others.map((one) => one.offBy)), 4)
        const asClose = others.filter((one) => one.offBy <= found + 1e-6)
        expect(shardsMoved(placed, placement)).toBe(
          Math.min(...asClose.map((one) => one.shardsMoved)),
        )
      }),
    )
  })
})

describe('rebalance, whatever it is given,', () => {
  const anyWorld = worlds(6, 20, fc.integer({ min: 1, max: 5 }))

  it('fills no machine above maxShards, and uses usable ones alone', () => {
    fc.assert(
      fc.property(anyWorld, ({ rooms, placed }) => {
        const placement = rebalance(rooms, placed)
        const loads = loadsOf(rooms, carriedOut(placed, placement))
        for (const { to } of placement.moves) {
          const n = rooms.findIndex(({ machine }) => machine === to)
          expect(rooms[n]?.isUsable).toBe(true)
          expect(loads[n]).toBeLessThanOrEqual(rooms[n]?.maxShards ?? Number.POSITIVE_INFINITY)
        }
        const left = carriedOut(placed, placement).filter(({ instance, at }) => {
          const isHere = rooms.some(({ machine, isUsable }) => isUsable && machine === at)
          return !isHere && !placement.unplaced.includes(instance)
        })
        expect(left).toEqual([])
      }),
    )
  })

  it('finds nothing to do after its own moves', () => {
    fc.assert(
      fc.property(anyWorld, ({ rooms, placed }) => {
        const first = rebalance(rooms, placed)
        const second = rebalance(rooms, carriedOut(placed, first))
        expect(second).toEqual({ moves: [], unplaced: first.unplaced })
      }),
    )
  })

  it('comes closer by what it moves, and never names an instance twice or in vain', () => {
    fc.assert(
      fc.property(anyWorld, ({ rooms, placed }) => {
        const usable = new Set(rooms.filter((one) => one.isUsable).map(({ machine }) => machine))
        const settled = placed.filter(({ at }) => at !== undefined && usable.has(at))
        const placement = rebalance(rooms, settled)
        expect(placement.unplaced).toEqual([])
        const gain = offBy(rooms, settled) - offBy(rooms, carriedOut(settled, placement))
        const moved = shardsMoved(settled, placement)
        // Whole numbers of shards, but targets between them: a gain is above the rounding.
        expect(moved > 0 ? gain > 1e-7 : gain === 0).toBe(true)
        const ids = placement.moves.map(({ instance }) => instance)
        expect(new Set(ids).size).toBe(ids.length)
        expect(placement.moves.filter(({ from, to }) => from === to)).toEqual([])
      }),
    )
  })

  it('gives the same answer to the same question, in whatever order instances are listed', () => {
    fc.assert(
      fc.property(anyWorld, ({ rooms, placed }) => {
        expect(rebalance(rooms, placed.toReversed())).toEqual(rebalance(rooms, placed))
      }),
    )
  })
})

function isLost(n: number): boolean {
  return n % 10 === 0
}

describe('rebalance of 1,000 machines and 10,000 instances', () => {
  const names = Array.from({ length: 1_000 }, (_, n) => `m${n}`)
  const own = names.flatMap((name, n) => group(n * 10, 10, name, { shards: 10 }))

  it('spreads what a tenth of them ran, and brings just that home again', () => {
    const rooms = names.map((name, n) => room(name, { weight: 10, isUsable: !isLost(n) }))
    const away = rebalance(rooms, own)
    expect(away.moves).toHaveLength(1_000)
    const loads = loadsOf(rooms, carriedOut(own, away)).filter((_, n) => !isLost(n))
    expect([Math.min(...loads), Math.max(...loads)]).toEqual([110, 120])
    const healed = names.map((name) => room(name, { weight: 10 }))
    const back = rebalance(healed, carriedOut(own, away))
    expect(back.moves).toHaveLength(1_000)
    expect(carriedOut(carriedOut(own, away), back)).toEqual(own)
  })

  it('spreads all of them when one has them all, in whatever sizes', () => {
    const rooms = names.map((name, n) => room(name, { weight: 1 + (n % 7) }))
    const placed = own.map((one, n) => ({ ...one, at: 'm0', shards: 1 + (n % 13) }))
    const balanced = carriedOut(placed, rebalance(rooms, placed))
    // Each is off by less than one of the smallest instances.
    expect(offBy(rooms, balanced) / rooms.length).toBeLessThan(1)
    expect(rebalance(rooms, balanced).moves).toEqual([])
  })
})
