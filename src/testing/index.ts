/**
 * `discordoo-machines/testing`: a network that fails as real ones do, and a clock that moves only
 * when told to, both from a seed; and a Discord on loopback that is strict with bots. See
 * `docs/reference/testing.md`.
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
export { fakeDiscordBounds } from './fake-discord/bounds.js'
export { FakeDiscord } from './fake-discord/fake-discord.js'
export type { FakeDiscordSession } from './fake-discord/gateway-session.js'
export { agentTo } from './fake-discord/library-agent.js'
export type { FakeDiscordOptions } from './fake-discord/options.js'
export type { Violation, ViolationReason } from './fake-discord/refusals.js'
export type { FakeDiscordStats } from './fake-discord/tally.js'
export { type Faults, noFaults, randomFaults } from './faults.js'
export {
  type FaultCounts,
  FaultyNetwork,
  type FaultyNetworkOptions,
  type PartitionOptions,
} from './faulty-network.js'
export { seededRandom } from './seeded-random.js'
export { VirtualSystem } from './virtual-system.js'
