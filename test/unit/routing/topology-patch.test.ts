import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../src/errors.js'
import { Topology } from '../../../src/routing/topology.js'
import { checkPatch, type TopologyPatch } from '../../../src/routing/topology-wire.js'
import { planOf } from './network.js'

/** Machine 0 has instances 0 and 1, machine 1 has instance 2, machine 2 has none. */
function start(down: readonly number[] = []): Topology {
  const machines = [{ instances: 2 }, { instances: 1 }, { instances: 0 }]
  return Topology.fromPlan(planOf({ machines, shardsPerInstance: 3 }), down)
}

function placesOf(topology: Topology): Record<string, readonly number[]> {
  const names = topology.machineIndexes.map((index) => topology.machineName(index))
  const on = (name: string) => topology.resolve({ kind: 'machines', names: [name] })
  return Object.fromEntries(names.map((name) => [name, on(name)]))
}

describe('a patch', () => {
  it('moves instances, and leaves the topology before it as it was', () => {
    const before = start()
    const after = before.patched({
      version: 1,
      moved: [
        [1, 2],
        [2, 0],
      ],
    })
    expect(placesOf(after)).toEqual({ m0: [0, 2], m1: [], m2: [1] })
    expect(after.nameOf(1)).toEqual({ instance: 1, machine: 'm2', shards: '3-5' })
    expect([0, 1, 2].map((id) => after.machineOf(id))).toEqual([0, 2, 0])
    expect(after.resolve({ kind: 'shards', ranges: [{ from: 3, to: 8 }] })).toEqual([1, 2])
    expect(after.movedSince(before)).toEqual([1, 2])
    expect(placesOf(before)).toEqual({ m0: [0, 1], m1: [2], m2: [] })
    expect([before.version, after.version]).toEqual([0, 1])
  })

  it('adds machines and removes them', () => {
    const patch: TopologyPatch = {
      version: 1,
      moved: [[2, 3]],
      added: [
        { index: 3, name: 'm3' },
        { index: 7, name: 'm7' },
      ],
      removed: [1, 2],
    }
    const after = start([0, 1]).patched(patch)
    expect(placesOf(after)).toEqual({ m0: [0, 1], m3: [2], m7: [] })
    // Of those that are down, without a list of its own, the removed ones are forgotten.
    expect([0, 1, 2, 3, 7].map((index) => after.isUp(index))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ])
    expect(after.toWire().down).toEqual([0])
    expect(after.machineName(1)).toBe('')
  })

  it('says who is out of reach, as a whole list', () => {
    const after = start([0, 1]).patched({ version: 1, down: [1, 2] })
    expect([0, 1, 2].map((index) => after.isUp(index))).toEqual([true, false, false])
    expect(after.withDown([]).toWire()).toMatchObject({ down: [], version: 2 })
  })

  it('may change nothing but the version', () => {
    const before = start([1])
    const after = before.patched({ version: 1, moved: [[0, 0]] })
    expect(after.toWire()).toEqual({ ...before.toWire(), version: 1 })
    expect(after.movedSince(before)).toEqual([])
  })

  it('never has an index used twice', () => {
    const added = start().patched({ version: 1, added: [{ index: 3, name: 'x' }] })
    const removed = added.patched({ version: 2, removed: [3] })
    for (const index of [2, 3]) {
      expect(() => removed.patched({ version: 3, added: [{ index, name: 'y' }] })).toThrow(
        expect.objectContaining({ code: 'DM_TOPOLOGY_INVALID' }),
      )
    }
    const again = removed.patched({ version: 3, added: [{ index: 4, name: 'x' }] })
    expect(again.machineName(4)).toBe('x')
  })

  it('of one move among 100,000 instances reads no shards again', () => {
    const machines = Array.from({ length: 1_000 }, () => ({ instances: 100 }))
    const before = Topology.fromPlan(planOf({ machines, shardsPerInstance: 1 }))
    let after = before
    for (let step = 1; step <= 1_000; step += 1) {
      after = after.patched({ version: step, moved: [[step, 999]] })
    }
    expect(after.movedSince(before)).toHaveLength(1_000)
    expect(after.resolve({ kind: 'machines', names: ['m999'] })).toHaveLength(1_100)
    // All snapshots share one list of instances, and with it everything that is known of shards.
    expect(after.instances).toBe(before.instances)
  })
})

describe('a patch that does not fit', () => {
  it.each<[string, TopologyPatch]>([
    ['is of the same version', { version: 0 }],
    ['leaves a version out', { version: 2 }],
    ['has an unknown machine down', { version: 1, down: [3] }],
    ['has a removed machine down', { version: 1, down: [2], removed: [2] }],
    ['moves an unknown instance', { version: 1, moved: [[3, 0]] }],
    ['moves to an unknown machine', { version: 1, moved: [[0, 3]] }],
    ['moves to a removed machine', { version: 1, moved: [[0, 2]], removed: [2] }],
    [
      'moves an instance twice',
      {
        version: 1,
        moved: [
          [0, 1],
          [0, 2],
        ],
      },
    ],
    ['adds under an index in use', { version: 1, added: [{ index: 2, name: 'x' }] }],
    ['adds under a name in use', { version: 1, added: [{ index: 3, name: 'm1' }] }],
    [
      'adds more machines than there may be',
      {
        version: 1,
        added: Array.from({ length: 4_094 }, (_, at) => ({ index: 3 + at, name: `x${at}` })),
      },
    ],
    [
      'adds two under one index',
      {
        version: 1,
        added: [
          { index: 3, name: 'x' },
          { index: 3, name: 'y' },
        ],
      },
    ],
    ['removes a machine with instances', { version: 1, removed: [1] }],
    ['removes an unknown machine', { version: 1, removed: [3] }],
    ['removes a machine twice', { version: 1, removed: [2, 2] }],
  ])('one that %s is refused, and changes nothing', (_, patch) => {
    const before = start([1])
    const wire = before.toWire()
    expect(() => before.patched(patch)).toThrow(
      expect.objectContaining({ code: 'DM_TOPOLOGY_INVALID' }),
    )
    expect(before.toWire()).toEqual(wire)
  })
})

describe('what another manager says of changes', () => {
  it('comes out as it went in, without what nobody knows', () => {
    const patch: TopologyPatch = {
      version: 4,
      down: [0],
      moved: [[7, 1]],
      added: [{ index: 5, name: 'x' }],
      removed: [2],
    }
    expect(checkPatch(JSON.parse(JSON.stringify({ ...patch, more: 1 })))).toEqual(patch)
    expect(checkPatch({ version: 0 })).toEqual({ version: 0 })
  })

  const long = Array.from({ length: 4_097 }, (_, index) => index)
  it.each<[string, unknown]>([
    ['nothing', null],
    ['a list', []],
    ['no version', {}],
    ['a version that is none', { version: 0.5 }],
    ['an endless version', { version: 2 ** 53 }],
    ['down that is no list', { version: 1, down: 0 }],
    ['down that is null', { version: 1, down: null }],
    ['down of too many', { version: 1, down: long }],
    ['an index below zero', { version: 1, down: [-1] }],
    ['an index that is too high', { version: 1, removed: [2 ** 31 - 1] }],
    ['moves that are no list', { version: 1, moved: {} }],
    ['a move that is no list', { version: 1, moved: ['01'] }],
    ['half a move', { version: 1, moved: [[0]] }],
    ['a move of three', { version: 1, moved: [[0, 1, 2]] }],
    ['a move of names', { version: 1, moved: [['0', 'm1']] }],
    ['a move of no instance', { version: 1, moved: [[1_000_000, 0]] }],
    ['an added machine that is none', { version: 1, added: [null] }],
    ['an added machine without a name', { version: 1, added: [{ index: 1, name: '' }] }],
    ['an added long name', { version: 1, added: [{ index: 1, name: 'x'.repeat(513) }] }],
    ['too many removed', { version: 1, removed: long }],
  ])('%s is refused', (_, wire) => {
    expect(() => checkPatch(wire)).toThrow(expect.objectContaining({ code: 'DM_TOPOLOGY_INVALID' }))
  })

  it('is refused with its own error whatever it is', () => {
    const member = fc.constantFrom('version', 'down', 'moved', 'added', 'removed')
    fc.assert(
      fc.property(fc.jsonValue(), member, (value, key) => {
        for (const given of [value, { version: 1, [key]: value }, { version: 1, [key]: [value] }]) {
          try {
            start().patched(checkPatch(given))
          } catch (error) {
            expect(error).toBeInstanceOf(MachinesError)
            expect(error).toMatchObject({ code: 'DM_TOPOLOGY_INVALID' })
          }
        }
      }),
    )
  })
})

/** Who runs where, kept in the simplest way. */
class Model {
  readonly machines = new Map<number, string>()
  readonly places: number[] = []
  down: number[] = []
  version = 0
  #next = 0

  constructor(topology: Topology) {
    for (const index of topology.machineIndexes) this.add(index)
    for (const id of topology.instances) this.places[id] = topology.machineOf(id) ?? -1
  }

  get next(): number {
    return this.#next
  }

  add(index: number): void {
    this.machines.set(index, `m${index}`)
    this.#next = index + 1
  }

  wire(): unknown {
    const instances = (machine: number) =>
      this.places.flatMap((at, id) => (at === machine ? [[id, `${3 * id}-${3 * id + 2}`]] : []))
    return {
      format: 1,
      version: this.version,
      totalShards: 3 * this.places.length,
      machines: [...this.machines].map(([index, name]) => {
        return { index, name, instances: instances(index) }
      }),
      down: this.down,
    }
  }
}

interface Step {
  readonly moves: readonly (readonly [number, number])[]
  readonly adds: readonly number[]
  readonly removes: boolean
  readonly downs: readonly number[] | undefined
}

const steps: fc.Arbitrary<Step> = fc.record({
  moves: fc.array(fc.tuple(fc.nat(2), fc.nat(20)), { maxLength: 3 }),
  adds: fc.array(fc.nat(2), { maxLength: 2 }),
  removes: fc.boolean(),
  downs: fc.option(fc.uniqueArray(fc.nat(20), { maxLength: 4 }), { nil: undefined }),
})

/** Carries a step out on the model, as far as it makes sense, and says what it was as a patch. */
function carryOut({ moves, adds, removes, downs }: Step, model: Model): TopologyPatch {
  const added = adds.map((gap) => {
    model.add(model.next + gap)
    return { index: model.next - 1, name: `m${model.next - 1}` }
  })
  const indexes = [...model.machines.keys()]
  const moved = [...new Map(moves)].map(([id, pick]): [number, number] => {
    model.places[id] = indexes[pick % indexes.length] ?? 0
    return [id, model.places[id]]
  })
  const empty = indexes.filter((index) => !model.places.includes(index))
  const removed = removes ? empty.slice(0, 1) : []
  for (const index of removed) model.machines.delete(index)
  const down = downs?.filter((index) => model.machines.has(index))
  model.down = down ?? model.down.filter((index) => model.machines.has(index))
  model.version += 1
  return { version: model.version, added, moved, removed, ...(down ? { down } : {}) }
}

describe('any row of patches', () => {
  it('makes what the topology would be if it were built anew', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 12 }), (row) => {
        let topology = start()
        const model = new Model(topology)
        for (const step of row) {
          const patch = carryOut(step, model)
          topology = topology.patched(checkPatch(JSON.parse(JSON.stringify(patch))))
          const anew = Topology.fromWire(model.wire())
          expect(topology.toWire()).toEqual(anew.toWire())
          expect(topology.toWire()).toEqual(model.wire())
          expect(placesOf(topology)).toEqual(placesOf(anew))
          for (const id of topology.instances) expect(topology.nameOf(id)).toEqual(anew.nameOf(id))
          for (let index = 0; index <= model.next; index += 1) {
            expect(topology.isUp(index)).toBe(anew.isUp(index))
          }
          expect(topology.movedSince(anew)).toEqual([])
        }
      }),
    )
  })
})
