import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { Lobby } from '../../../src/link/lobby.js'

const { strangersMax, strangersPerAddressMax } = limits

/** Guests are named after their address and number: `a0`, `a1`, `b0`. */
function fill(lobby: Lobby<string>, address: string, count: number): void {
  for (let n = 0; n < count; n++) lobby.enter(`${address}${n}`, address, false)
}

describe('Lobby', () => {
  it('takes in everybody while there is room', () => {
    const lobby = new Lobby<string>()
    expect(lobby.enter('a0', 'a', false)).toBeUndefined()
    expect(lobby.size).toBe(1)
    lobby.leave('a0')
    lobby.leave('never here')
    expect(lobby.size).toBe(0)
  })

  it('makes an address that is over its bound give up its own oldest', () => {
    const lobby = new Lobby<string>()
    lobby.enter('parent', 'p', false)
    fill(lobby, 'a', strangersPerAddressMax)
    expect(lobby.enter('a8', 'a', false)).toBe('a0')
    expect(lobby.enter('a9', 'a', false)).toBe('a1')
    expect(lobby.size).toBe(strangersPerAddressMax + 1)
  })

  it('takes room from the address that has the most', () => {
    const lobby = new Lobby<string>()
    lobby.enter('parent', 'p', false)
    const addresses = Array.from({ length: strangersMax - 4 }, (_, n) => `s${n}`)
    fill(lobby, 'greedy', 3)
    for (const address of addresses) fill(lobby, address, 1)
    expect(lobby.size).toBe(strangersMax)
    expect(lobby.enter('new', 'n', false)).toBe('greedy0')
    expect(lobby.enter('newer', 'n', false)).toBe('greedy1')
  })

  it('gives way by age where all have equally many', () => {
    const lobby = new Lobby<string>()
    for (let n = 0; n < strangersMax; n++) lobby.enter(`${n}`, `address ${n}`, false)
    expect(lobby.enter('new', 'n', false)).toBe('0')
    expect(lobby.enter('newer', 'm', false)).toBe('1')
  })

  it('never sends a proven address away for strangers, however many come', () => {
    const lobby = new Lobby<string>()
    lobby.enter('parent', 'p', true)
    for (let n = 0; n < 10_000; n++) {
      expect(lobby.enter(`${n}`, `address ${n}`, false)).not.toBe('parent')
    }
    expect(lobby.size).toBe(strangersMax)
  })

  it('sends the stranger away when only proven ones are there, and the oldest for a proven one', () => {
    const lobby = new Lobby<string>()
    for (let n = 0; n < strangersMax; n++) lobby.enter(`${n}`, `address ${n}`, true)
    expect(lobby.enter('stranger', 's', false)).toBe('stranger')
    expect(lobby.enter('proven', 'p', true)).toBe('0')
    expect(lobby.size).toBe(strangersMax)
  })

  it('holds both bounds whatever happens, and always has room for the next address', () => {
    const step = fc.record({
      address: fc.nat(12),
      isProven: fc.boolean(),
      leaves: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const lobby = new Lobby<number>()
        const there = new Map<number, number>()
        for (const [guest, { address, isProven, leaves }] of steps.entries()) {
          const [first] = there.keys()
          if (leaves && first !== undefined) {
            lobby.leave(first)
            there.delete(first)
            continue
          }
          there.set(guest, address)
          const leaving = lobby.enter(guest, `${address}`, isProven)
          if (leaving !== undefined) expect(there.delete(leaving)).toBe(true)
          expect(lobby.size).toBe(there.size)
          expect(there.size).toBeLessThanOrEqual(strangersMax)
          const neighbours = [...there.values()].filter((one) => one === address)
          expect(neighbours.length).toBeLessThanOrEqual(strangersPerAddressMax)
        }
      }),
    )
  })
})
