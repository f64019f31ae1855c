import { describe, expect, it } from 'vitest'
import { InstanceRegistry } from '../../src/instance-registry.js'
import type { MachineStatus } from '../../src/modes/mode.js'
import { machineStatus } from '../support/machine-status.js'

const backend = {
  isRunning: () => true,
  raw: () => undefined,
  create: () => Promise.resolve(),
  kill: () => Promise.resolve(),
  recreate: () => Promise.resolve(),
  send: () => {},
  eval: () => Promise.resolve([]),
}

function machine(name: string, instances: Readonly<Record<number, number[]>>): MachineStatus {
  return machineStatus({
    name,
    instances: Object.entries(instances).map(([id, shards]) => ({
      id: Number(id),
      shards,
      phase: 'ready',
      pid: undefined,
      respawns: 0,
      memoryMb: undefined,
      isHeld: false,
    })),
  })
}

function setUp() {
  const plan = { totalShards: 4 }
  const registry = new InstanceRegistry('the manager', backend, {
    file: undefined,
    totalShards: () => plan.totalShards,
    ipcId: (instance) => `ipc ${instance}`,
  })
  const owners = () =>
    Object.fromEntries([...registry.shards].map(([shard, { id }]) => [shard, id]))
  return { registry, plan, owners }
}

describe('InstanceRegistry', () => {
  it('holds a handle of every instance, under its id and its shards', () => {
    const { registry, owners } = setUp()
    registry.update([machine('a', { 0: [0, 1] }), machine('b', { 1: [2, 3] })])
    expect([...registry.instances.keys()]).toEqual([0, 1])
    expect(owners()).toEqual({ 0: 0, 1: 0, 2: 1, 3: 1 })
    expect(registry.instances.get(1)).toMatchObject({
      id: 1,
      ipcId: 'ipc 1',
      machine: 'b',
      manager: 'the manager',
      totalShards: 4,
    })
  })

  it('keeps the handles of what has not changed', () => {
    const { registry } = setUp()
    registry.update([machine('a', { 0: [0, 1], 1: [2] })])
    const [first, second] = registry.instances.values()
    registry.update([machine('a', { 0: [0, 1], 1: [2, 3] })])
    expect(registry.instances.get(0)).toBe(first)
    expect(registry.instances.get(1)).not.toBe(second)
  })

  it('lets a shard go from one instance to another, in whatever order they are told', () => {
    const { registry, owners } = setUp()
    registry.update([machine('a', { 0: [0, 1], 1: [2, 3] })])
    registry.update([machine('a', { 0: [0], 1: [1, 2, 3] })])
    expect(owners()).toEqual({ 0: 0, 1: 1, 2: 1, 3: 1 })
    registry.update([machine('a', { 0: [0, 1, 2], 1: [3] })])
    expect(owners()).toEqual({ 0: 0, 1: 0, 2: 0, 3: 1 })
  })

  it('keeps the handle of an instance that moves, and has it say where it is now', () => {
    const { registry, owners } = setUp()
    registry.update([machine('a', { 0: [0, 1], 1: [2, 3] }), machine('b', {})])
    const moving = registry.instances.get(1)
    const other = { ...machine('b', { 1: [2, 3] }), mode: 'clusters' } as const
    registry.update([machine('a', { 0: [0, 1] }), other])
    expect(registry.instances.get(1)).toBe(moving)
    expect(registry.shards.get(2)).toBe(moving)
    expect(moving).toMatchObject({
      machine: 'b',
      mode: 'clusters',
      shards: [2, 3],
      options: { machine: 'b', mode: 'clusters', shards: [2, 3], totalShards: 4 },
    })
    expect(registry.instances.get(0)?.machine).toBe('a')
    expect(owners()).toEqual({ 0: 0, 1: 0, 2: 1, 3: 1 })
  })

  it('makes new handles for a new total, and forgets what is gone', () => {
    const { registry, plan, owners } = setUp()
    registry.update([machine('a', { 0: [0], 1: [1] })])
    const [former] = registry.instances.values()
    plan.totalShards = 8
    registry.update([machine('a', { 0: [0] })])
    expect(registry.instances.get(0)).not.toBe(former)
    expect([...registry.instances.keys()]).toEqual([0])
    expect(owners()).toEqual({ 0: 0 })
    registry.update([])
    expect([registry.instances.size, registry.shards.size]).toEqual([0, 0])
  })
})
