import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../../src/errors.js'
import type { CheckedAssignment } from '../../../../../src/modes/machines/child/assignment-parser.js'
import { ChildNetwork } from '../../../../../src/modes/machines/child/child-network.js'
import { Topology } from '../../../../../src/routing/topology.js'
import { VirtualSystem } from '../../../../../src/testing/virtual-system.js'

/** Instances 0 and 1, on machine 0 and 1 each; this is machine 0. */
const topology = Topology.fromPlan({
  totalShards: 4,
  machines: [
    { index: 0, machine: 'm0', instances: [{ id: 0, shards: [0, 1] }] },
    { index: 1, machine: 'm1', instances: [{ id: 1, shards: [2, 3] }] },
  ],
})

const assignment: CheckedAssignment = {
  machine: 'm0',
  index: 0,
  totalShards: 4,
  callTimeoutMs: 1_000,
  push: {},
  instances: [{ id: 0, shards: [0, 1] }],
}

function setUp() {
  const up: Uint8Array[] = []
  const delivered: number[] = []
  const network = new ChildNetwork({
    system: new VirtualSystem(1),
    acceptRemoteEval: true,
    callTimeoutMs: 1_000,
    uplink: () => (envelope) => {
      up.push(envelope)
      return true
    },
    deliver: (instance) => {
      delivered.push(instance)
      return true
    },
    onUndelivered: () => {},
    onWarning: () => {},
  })
  network.assign(assignment)
  return { network, up, delivered }
}

const invalid = expect.objectContaining({ code: 'DM_TOPOLOGY_INVALID' })

describe('the network of a child', () => {
  it('follows the patches of its parent', () => {
    const { network, up, delivered } = setUp()
    network.setTopology(topology.toWire())
    network.calls.send('there', { to: 1 })
    expect([up.length, delivered]).toEqual([1, []])
    network.patchTopology({ version: 1, moved: [[1, 0]] })
    network.calls.send('here', { to: 1 })
    expect([up.length, delivered]).toEqual([1, [1]])
    expect([network.instanceCount, network.hasShard(3), network.hasShard(4)]).toEqual([
      2,
      true,
      false,
    ])
  })

  it('ends calls to instances that a patch moves', async () => {
    const { network } = setUp()
    network.setTopology(topology.toWire())
    const call = network.calls.evalSettled('return 1', { to: 1 })
    network.patchTopology({ version: 1, added: [{ index: 2, name: 'm2' }], moved: [[1, 2]] })
    expect(await call).toMatchObject([{ instance: 1, machine: 'm1', status: 'offline' }])
  })

  it('keeps what it knows when a patch makes no sense or does not follow', () => {
    const { network, up, delivered } = setUp()
    expect(() => network.patchTopology({ version: 1 })).toThrow(invalid)
    network.setTopology(topology.toWire())
    for (const patch of [null, { version: 0 }, { version: 2 }, { version: 1, moved: [[2, 0]] }]) {
      expect(() => network.patchTopology(patch)).toThrow(invalid)
    }
    network.calls.send('there', { to: 1 })
    expect([up.length, delivered]).toEqual([1, []])
    network.patchTopology({ version: 1, moved: [[1, 0]] })
    network.calls.send('here', { to: 1 })
    expect(delivered).toEqual([1])
  })

  it('takes the whole of it anew, of whatever version, as a session begins', () => {
    const { network } = setUp()
    network.setTopology(topology.withDown([1]).withDown([]).toWire())
    expect(() => network.patchTopology({ version: 1 })).toThrow(MachinesError)
    network.setTopology(topology.toWire())
    network.patchTopology({ version: 1, down: [1] })
    expect(network.hasShard(0)).toBe(true)
  })

  it('keeps it for the next assignment', () => {
    const { network, delivered } = setUp()
    network.setTopology(topology.toWire())
    network.patchTopology({ version: 1, moved: [[1, 0]] })
    network.assign({ ...assignment, callTimeoutMs: 2_000 })
    network.calls.send('here', { to: 1 })
    expect(delivered).toEqual([1])
  })
})
