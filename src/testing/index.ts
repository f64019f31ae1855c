/**
 * `discordoo-machines/testing`: a network that fails as real ones do, and a clock that moves only
 * when told to, both from a seed. See `docs/reference/testing.md`.
 *
 * @packageDocumentation
 */
export { type ErrorCode, MachinesError } from '../errors.js'
export { type Cancel, realSystem, type System } from '../system/system.js'
export type {
  Carrier,
  CarrierAddress,
  CarrierListener,
  RawConnection,
  RefusedConnections,
} from '../transport/carrier.js'
export type { ConnectionLimits } from '../transport/connection-gate.js'
export { MemoryNetwork, memoryCarrier } from '../transport/memory.js'
export { type Faults, noFaults, randomFaults } from './faults.js'
export {
  type FaultCounts,
  FaultyNetwork,
  type FaultyNetworkOptions,
  type PartitionOptions,
} from './faulty-network.js'
export { seededRandom } from './seeded-random.js'
export { VirtualSystem } from './virtual-system.js'
