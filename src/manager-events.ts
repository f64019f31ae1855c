/** The events of `ShardingManager`, and how the events of a mode turn into them. */
import type { MachinesError } from './errors.js'
import type { ShardingInstance } from './instances/sharding-instance.js'
import type { ExitSummary } from './modes/local/fleet-types.js'
import type { MachineStatus } from './modes/mode.js'
import type { MachineLost, ReassignHeld, ShardsMoved } from './modes/placement-events.js'
import type { Undelivered } from './routing/router-types.js'

/**
 * The events of a ShardingManager, by name, as listeners.
 *
 * What matters and nobody listens for (`warning`, `crashLoop`, `instanceMemory`, `reassignHeld`, a machine that
 * failed or was lost, the first failed dial, `undelivered`) goes to `process.emitWarning`.
 */
export interface ShardingManagerEvents {
  /** start() is about to resolve: a child listens; any other manager has every shard running. */
  ready: () => void
  /** stop() or detach() is done, or the parent dismissed this child. */
  stop: () => void
  /**
   * A bot has sent this to its manager: `client.shard.send` in discord.js, `bot.send(message, { to:
   * 'manager' })`, in discordoo a message to instance 1111111111. On a parent, from all machines; a
   * child passes it on. `instance` is undefined when the manager of a machine sent it.
   */
  message: (message: unknown, instance: ShardingInstance | undefined) => void
  /**
   * A child did not let somebody in; the error says why, and nobody outside learns more. After many
   * at once only one a second is told, with the number of those left out: `refusals` counts all.
   */
  refused: (error: MachinesError) => void
  /** The process, worker or cluster worker of an instance exists; its bot is not ready yet. */
  instanceSpawn: (instance: ShardingInstance) => void
  /** The bot is ready: it called ready(), or its dialect says that all its shards are. */
  instanceReady: (instance: ShardingInstance) => void
  /** discord.js: a shard of the instance has lost its gateway connection for good. */
  instanceDisconnect: (instance: ShardingInstance) => void
  /** discord.js: a shard of the instance has lost its gateway connection and tries again. */
  instanceReconnecting: (instance: ShardingInstance) => void
  /** discord.js: a shard of the instance has its gateway connection back. */
  instanceResume: (instance: ShardingInstance) => void
  /** The system confirmed that the instance is gone. */
  instanceExit: (instance: ShardingInstance, exit: ExitSummary) => void
  /** The instance will be started again after `delayMs`. */
  instanceRespawn: (instance: ShardingInstance, delayMs: number) => void
  /**
   * The memory of the instance, in MiB, stayed above its `maxMemoryMb`: it was asked to stop and is
   * launched again when its exit is confirmed. Without a listener it is a `warning`
   * (DM_INSTANCE_MEMORY).
   */
  instanceMemory: (
    instance: ShardingInstance,
    memory: { readonly memoryMb: number; readonly limitMb: number },
  ) => void
  /** The instance exited `exits` times in a row and stays down until restart(). */
  crashLoop: (instance: ShardingInstance, exits: number) => void
  /** An instance did not come up this time; it may be tried again by the respawn policy. */
  instanceStartFailed: (instance: ShardingInstance, error: MachinesError) => void
  /** The instance was asked to stop and is gone. */
  instanceStop: (instance: ShardingInstance) => void
  /** A machine entered another phase (dialling, starting, ready, failed, lost, stopped, detached). */
  machine: (machine: MachineStatus) => void
  /** A machine could not be reached; the parent tries again after `retryMs`. */
  dialFailed: (event: {
    readonly machine: string
    readonly error: MachinesError
    readonly attempt: number
    readonly retryMs: number
  }) => void
  /**
   * On a parent: instances belong to other machines from now on, and their handles say so already.
   * They start there as soon as their former machines surely run them no more.
   */
  shardsMoved: (event: ShardsMoved) => void
  /**
   * On a parent: a machine with shards cannot be reached any more. Its bots may run on and answer
   * Discord; what becomes of its shards if it stays away, `policy` and `inMs` say.
   */
  machineLost: (event: MachineLost) => void
  /**
   * On a parent, under `reassign`: shards of a lost machine would be given to others now, and are
   * not. Told once for each reason. Without a listener it is a `warning` (DM_REASSIGN_HELD).
   */
  reassignHeld: (event: ReassignHeld) => void
  /** The round trip to a machine is above `pingWarningMs` (the guide's 50 ms). */
  slowLink: (event: { readonly machine: string; readonly pingMs: number }) => void
  /** A message that this manager sent did not arrive. */
  undelivered: (report: Undelivered) => void
  /** Something an operator should know. Without a listener it goes to `process.emitWarning`. */
  warning: (error: MachinesError) => void
}
