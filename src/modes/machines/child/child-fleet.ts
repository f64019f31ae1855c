/** The fleet of a child as its manager surrounds it. */
import type { IpcIds } from '../../../instances/ipc-ids.js'
import type { RunOptions } from '../../../options/resolved-options.js'
import type { System } from '../../../system/system.js'
import type { FleetOptions, InstanceEvent } from '../../local/fleet-types.js'
import { writeLine } from '../../local/output.js'
import type { ModeEvent } from '../../mode.js'
import type { CheckedAssignment } from './assignment-parser.js'
import type { ChildNetwork } from './child-network.js'

export interface FleetSurroundings {
  readonly system: System
  readonly ipcIds: IpcIds
  readonly network: ChildNetwork
  /** Something happened to an instance; routers and the parent hear of it by this. */
  onInstance(event: InstanceEvent): void
  /** Everything else. */
  onEvent(event: ModeEvent): void
  /** Resolves when the link has room for more. */
  flushed(): Promise<void>
}

export function childFleetOptions(
  { machine, totalShards, callTimeoutMs, instances }: CheckedAssignment,
  run: RunOptions,
  around: FleetSurroundings,
): FleetOptions {
  const { system, ipcIds, network } = around
  return {
    machine,
    totalShards,
    instances,
    run,
    callTimeoutMs,
    system,
    ipcIds,
    writeOutput: writeLine,
    onEvent: (event) => around.onInstance(event),
    onInstancesChanged: () => around.onEvent({ type: 'instances' }),
    flushed: () => around.flushed(),
    onEnvelope: (instance, envelope) => {
      around.onEvent({ type: 'envelope', instance, envelope })
      network.router.fromLocal(instance, envelope)
    },
    onNotTaken: (envelope) => network.router.notDelivered(envelope),
    onUndelivered: (report) => around.onEvent({ type: 'undelivered', report }),
    onWarning: (error) => around.onEvent({ type: 'warning', error }),
    instanceCount: () => network.instanceCount,
    hasShard: (shard) => network.hasShard(shard),
  }
}
