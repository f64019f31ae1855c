import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../src/errors.js'
import { shardOfGuild, Topology } from '../../../src/routing/topology.js'
import { planOf } from './network.js'

const plan = planOf({ machines: [{ instances: 2 }, { instances: 1 }], shardsPerInstance: 3 })

describe('Topology', () => {
  it('survives the wire as JSON', () => {
    const topology = Topology.fromPlan(plan, [1])
    const copy = Topology.fromWire(JSON.parse(JSON.stringify(topology.toWire())))
    expect(copy.toWire()).toEqual(topology.toWire())
    expect(copy.nameOf(2)).toEqual({ instance: 2, machine: 'm1', shards: '6-8' })
    expect([copy.isUp(0), copy.isUp(1)]).toEqual([true, false])
    expect(copy.withDown([]).isUp(1)).toBe(true)
  })

  it('takes plans with gaps and scattered shards', () => {
    const topology = Topology.fromPlan({
      totalShards: 10,
      machines: [
        { index: 4, machine: 'far', instances: [{ id: 1, shards: [0, 2, 4] }] },
        { index: 0, machine: 'near', instances: [{ id: 0, shards: [9, 8] }] },
      ],
    })
    expect(topology.resolve({ kind: 'shards', ranges: [{ from: 8, to: 9 }] })).toEqual([0])
    expect(topology.nameOf(1)).toEqual({ instance: 1, machine: 'far', shards: '0,2,4' })
    expect(topology.machineIndexes).toEqual([4, 0])
    const served = [-1, 0, 1, 2, 3, 9, 10, 0.5].filter((shard) => topology.hasShard(shard))
    expect(served).toEqual([0, 2, 9])
    expect(() => topology.resolve({ kind: 'shards', ranges: [{ from: 0, to: 4 }] })).toThrow(
      'shard 1',
    )
  })

  it('computes the shard of a guild as Discord does', () => {
    expect(shardOfGuild(197_038_439_483_310_086n, 10)).toBe(
      Number((197_038_439_483_310_086n >> 22n) % 10n),
    )
    expect(shardOfGuild(0n, 3)).toBe(0)
    expect(shardOfGuild((7n << 22n) + 1n, 4)).toBe(3)
  })

  it('is ready for 100,000 shards', () => {
    const topology = Topology.fromPlan(
      planOf({
        machines: Array.from({ length: 100 }, () => ({ instances: 100 })),
        shardsPerInstance: 10,
      }),
    )
    expect(topology.totalShards).toBe(100_000)
    expect(topology.resolve({ kind: 'shards', ranges: [{ from: 0, to: 99_999 }] })).toHaveLength(
      10_000,
    )
    expect(topology.machineOf(9_999)).toBe(99)
  })

  it('a range without end ends at the first stranger', () => {
    const topology = Topology.fromPlan(plan)
    const ranges = [{ from: 0, to: 0xffff_ffff }]
    expect(() => topology.resolve({ kind: 'shards', ranges })).toThrow('shard 9')
    expect(() => topology.resolve({ kind: 'instances', ranges })).toThrow('instance 3')
    expect(() => topology.resolve({ kind: 'endpoint', endpoint: 1 })).toThrow(/nobody may ask/)
  })

  const wire = Topology.fromPlan(plan).toWire()
  const machine = { index: 0, name: 'm', instances: [[0, '0-1']] }
  it.each<[string, unknown]>([
    ['nothing', null],
    ['a list', []],
    ['another format', { ...wire, format: 2 }],
    ['a version that is no number', { ...wire, version: '1' }],
    ['a version below zero', { ...wire, version: -1 }],
    ['no shards', { ...wire, totalShards: 0 }],
    ['too many shards', { ...wire, totalShards: 1e9 }],
    ['machines that are no list', { ...wire, machines: {} }],
    ['a machine without a name', { ...wire, machines: [{ ...machine, name: '' }] }],
    ['a long name', { ...wire, machines: [{ ...machine, name: 'x'.repeat(513) }] }],
    ['two of one name', { ...wire, machines: [machine, { ...machine, index: 1, instances: [] }] }],
    [
      'two of one index',
      { ...wire, machines: [machine, { ...machine, name: 'n', instances: [] }] },
    ],
    ['an index that is too high', { ...wire, machines: [{ ...machine, index: 2 ** 31 - 1 }] }],
    ['an index below zero', { ...wire, machines: [{ ...machine, index: -1 }] }],
    ['an instance that is no pair', { ...wire, machines: [{ ...machine, instances: [[0]] }] }],
    ['an instance of three', { ...wire, machines: [{ ...machine, instances: [[0, '0', 1]] }] }],
    ['a gap between instances', { ...wire, machines: [{ ...machine, instances: [[1, '0']] }] }],
    [
      'one instance twice',
      {
        ...wire,
        machines: [
          {
            ...machine,
            instances: [
              [0, '0'],
              [0, '1'],
            ],
          },
        ],
      },
    ],
    [
      'one shard twice',
      {
        ...wire,
        machines: [
          {
            ...machine,
            instances: [
              [0, '0'],
              [1, '0'],
            ],
          },
        ],
      },
    ],
    ['a shard beyond the total', { ...wire, machines: [{ ...machine, instances: [[0, '0-9']] }] }],
    ['shards that are no ranges', { ...wire, machines: [{ ...machine, instances: [[0, 'a']] }] }],
    [
      'more instances than shards',
      {
        ...wire,
        totalShards: 1,
        machines: [
          {
            ...machine,
            instances: [
              [0, ''],
              [0, ''],
            ],
          },
        ],
      },
    ],
    ['down that is no list', { ...wire, down: 1 }],
    ['down that is no index', { ...wire, down: ['m0'] }],
    ['down that is no machine', { ...wire, down: [2] }],
  ])('refuses %s', (_, given) => {
    expect(() => Topology.fromWire(given)).toThrow(
      expect.objectContaining({ code: 'DM_TOPOLOGY_INVALID' }),
    )
  })

  it('refuses any other JSON with its own error', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('machines', 'down', 'totalShards'),
        (value, key) => {
          for (const given of [value, { ...wire, [key]: value }, { ...wire, machines: [value] }]) {
            try {
              Topology.fromWire(given)
            } catch (error) {
              expect(error).toBeInstanceOf(MachinesError)
              expect(error).toMatchObject({ code: 'DM_TOPOLOGY_INVALID' })
            }
          }
        },
      ),
    )
  })
})
