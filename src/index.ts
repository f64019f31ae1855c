/**
 * The public door of the package: the manager and everything its users name.
 *
 * @packageDocumentation
 */
export type { ShardMove } from './allocator/plan-types.js'
export type { ShardRange } from './allocator/shard-range.js'
export { type ErrorCode, type ErrorDetails, errorCodes, MachinesError } from './errors.js'
export {
  type InstanceEvalOptions,
  InstanceIpc,
  type InstanceSelector,
  type RawPacket,
  ShardingInstance,
  type ShardingInstanceOptions,
} from './instances/sharding-instance.js'
export type { ManagerIdentity } from './link/identity.js'
export type { MoveOptions, RemoveOptions } from './machine-changes.js'
export type { ShardingManagerEvents } from './manager-events.js'
export type { ShardingManagerInternals } from './manager-internals.js'
export type { ExitSummary, InstancePhase, InstanceStatus } from './modes/local/fleet-types.js'
export type { MovePlan } from './modes/machine-control.js'
export type { MachinePhase, MachineStatus } from './modes/mode.js'
export type { MachineLost, ReassignHeld, ShardsMoved } from './modes/placement-events.js'
export type * from './options/instance-options.js'
export type * from './options/machines-options.js'
export type * from './options/options.js'
export type { OutputMode, SignalPolicy } from './options/resolved-options.js'
export {
  ChildShardingModes,
  PartialShardingModes,
  ShardingManagerModes,
  ShardingModes,
} from './options/sharding-modes.js'
export type { RespawnAllOptions } from './respawn-all.js'
export type { RestartOptions } from './restart-options.js'
export type { EvalContext, Evaluable } from './routing/calls.js'
export type {
  CallOptions,
  EvalOptions,
  InstanceName,
  Outcome,
  OutcomeStatus,
  SendOptions,
} from './routing/outcome.js'
export type { Undelivered } from './routing/router-types.js'
export type { Target } from './routing/target.js'
export { ShardingManager } from './sharding-manager.js'
