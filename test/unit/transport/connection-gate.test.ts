import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { ConnectionGate } from '../../../src/transport/connection-gate.js'

function isReserved(host: string): boolean {
  return host === 'parent'
}

describe('ConnectionGate', () => {
  it('holds the bounds of limits.ts where none are given', () => {
    const gate = new ConnectionGate()
    let admitted = 0
    for (let host = 0; host < 10; host += 1) {
      for (let count = 0; count < limits.connectionsMax; count += 1) {
        if (gate.enter(`10.0.0.${host}`)) admitted += 1
      }
      if (host === 0) expect(admitted).toBe(limits.connectionsPerAddressMax)
    }
    expect(admitted).toBe(limits.connectionsMax)
  })

  it('says which of the two bounds refused', () => {
    const gate = new ConnectionGate({ connectionsMax: 2, connectionsPerAddressMax: 1 })
    expect(['a', 'a', 'b', 'c'].map((host) => gate.enter(host))).toEqual([true, false, true, false])
    expect(gate.refused).toEqual({ overall: 1, perAddress: 1 })
  })

  it('counts all of an IPv6 network as one address', () => {
    const gate = new ConnectionGate({ connectionsPerAddressMax: 2 })
    const hosts = ['2001:db8::1', '2001:db8::ffff:2', '2001:DB8:0:0:9::', '2001:db8:0:1::1']
    expect(hosts.map((host) => gate.enter(host))).toEqual([true, true, false, true])
    gate.leave('2001:db8::abc')
    expect(gate.enter('2001:db8::5')).toBe(true)
  })

  it('keeps places for reserved hosts, and at least one for the others', () => {
    const gate = new ConnectionGate({ connectionsMax: limits.connectionsReserved + 1, isReserved })
    expect(['a', 'b', 'parent', 'parent'].map((host) => gate.enter(host))).toEqual([
      true,
      false,
      true,
      true,
    ])
    const small = new ConnectionGate({ connectionsMax: 2, isReserved })
    expect(['a', 'b', 'parent', 'parent'].map((host) => small.enter(host))).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  it('ignores a host that never entered', () => {
    const gate = new ConnectionGate({ connectionsMax: 1 })
    gate.leave('stranger')
    expect([gate.enter('a'), gate.enter('b')]).toEqual([true, false])
  })

  it('agrees with a list of the open connections, whatever comes and goes', () => {
    const step = fc.record({ host: fc.constantFrom('a', 'b', 'c'), leaves: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const gate = new ConnectionGate({ connectionsMax: 4, connectionsPerAddressMax: 2 })
        const open: string[] = []
        for (const { host, leaves } of steps) {
          const at = open.indexOf(host)
          if (leaves && at !== -1) {
            open.splice(at, 1)
            gate.leave(host)
          } else if (!leaves) {
            const fits = open.length < 4 && open.filter((one) => one === host).length < 2
            expect(gate.enter(host)).toBe(fits)
            if (fits) open.push(host)
          }
        }
      }),
    )
  })
})
