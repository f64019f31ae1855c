/** Every carrier there is, for suites that all of them run. */
import { networkInterfaces } from 'node:os'
import { realSystem } from '../../src/system/system.js'
import { FaultyNetwork } from '../../src/testing/index.js'
import type { Carrier } from '../../src/transport/carrier.js'
import type { ConnectionLimits } from '../../src/transport/connection-gate.js'
import { MemoryNetwork, memoryCarrier } from '../../src/transport/memory.js'
import { tcpCarrier } from '../../src/transport/tcp.js'
import { udpCarrier } from '../../src/transport/udp.js'

export interface CarrierUnderTest {
  readonly name: Carrier['name']
  /** Address of this machine that it can listen on. */
  readonly host: string
  readonly make: (bounds?: ConnectionLimits) => Carrier
}

const loopback = '127.0.0.1'

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

const overIPv6: CarrierUnderTest = {
  name: 'udp6',
  host: '::1',
  make: (bounds) => udpCarrier('udp6', bounds),
}

/** Without `udp6` on a machine that has no IPv6. */
export const carriers: readonly CarrierUnderTest[] = [
  { name: 'tcp', host: loopback, make: (bounds) => tcpCarrier(bounds) },
  { name: 'udp4', host: loopback, make: (bounds) => udpCarrier('udp4', bounds) },
  ...(hasIPv6 ? [overIPv6] : []),
  {
    name: 'memory',
    host: loopback,
    make: (bounds) => memoryCarrier(new MemoryNetwork(), loopback, bounds),
  },
  {
    // The faulty network without faults: what it adds must keep to the contract as well.
    name: 'memory',
    host: loopback,
    make: (bounds) => new FaultyNetwork({ system: realSystem, seed: 1 }).carrier(loopback, bounds),
  },
]
