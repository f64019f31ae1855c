/** The options of a ShardingManager, as users write them. `resolveOptions` checks them. */

import type {
  ClustersShardingOptions,
  ProcessesShardingOptions,
  RespawnOptions,
  ShardsOption,
  WorkersShardingOptions,
} from './instance-options.js'
import type { MachinesShardingOptions } from './machines-options.js'
import type { DialectOption, OutputMode, SignalPolicy } from './resolved-options.js'
import type { ShardingManagerModes } from './sharding-modes.js'

/**
 * Options of a ShardingManager.
 *
 * All are checked when the manager is made, before anything starts. A fault throws one MachinesError
 * with a `DM_OPTION_*` or `DM_SHARDS_*` code, the path of the option, what was given and what is
 * allowed; `failures` holds all faults when there are several. An option that would have no effect
 * is a fault too (DM_OPTION_MISPLACED), and so is an unknown one (DM_OPTION_UNKNOWN).
 */
export interface ShardingManagerOptions {
  /** How instances run: `processes`, `workers`, `clusters` (not on Windows) or `machines`. */
  mode: ShardingManagerModes
  /**
   * Start file of the bot: a path (a relative one resolves from the working directory) or a `file:`
   * URL. Required, except on a parent, which has none. DM_OPTION_FILE when it is not there.
   */
  file?: string | URL
  /**
   * Shards of this manager: required in the three local modes. A parent gives shards to its points,
   * a child gets its own from the parent; on both it is DM_OPTION_MISPLACED.
   */
  shards?: ShardsOption
  /** Shards that one instance serves; the last instance may have fewer. Default 1. Local modes. */
  shardsPerInstance?: number
  /**
   * Shards of the whole bot. Default: the highest shard and one. A smaller number is
   * DM_OPTION_CONFLICT. Local modes and parent.
   */
  totalShards?: number
  /** For instances in `processes` mode. */
  processes?: ProcessesShardingOptions
  /** For instances in `workers` mode. */
  workers?: WorkersShardingOptions
  /** For instances in `clusters` mode. */
  clusters?: ClustersShardingOptions
  /** For `machines` mode, and required there. */
  machines?: MachinesShardingOptions
  /**
   * Longest time in ms from the start of an instance to its ready. Default 30,000 and 15,000 more
   * for each of its shards. Past it the instance counts as failed (DM_INSTANCE_START_TIMEOUT).
   */
  startTimeoutMs?: number
  /** Instances of one machine that may be starting at one time. Default 4. */
  startConcurrency?: number
  /**
   * Time in ms that an instance has to say goodbye before SIGTERM, and again before SIGKILL.
   * Default 5,000; 0 does not wait.
   */
  killTimeoutMs?: number
  /** When an instance that exited is started again. `false`: never. Default: see the members. */
  respawn?: boolean | RespawnOptions
  /**
   * Memory in MiB that an instance may take, from 1. One that stays above it (2 measurements in a
   * row, 2 s apart) is asked to stop, given `killTimeoutMs`, and launched again; one of a machine at
   * a time, whatever `respawn` says, and not counted as a crash. Processes and clusters: resident set
   * size; workers: heap and external memory of that worker. An instance whose event loop is blocked
   * measures nothing. Default: no limit. Not on a parent, which gives it in `childManagerOptions`.
   */
  maxMemoryMb?: number
  /**
   * The language that the bot speaks with its manager: `discordoo` or `discord.js`, as such bots do
   * without a change, or `native` for `discordoo-machines/bot`. Default `auto`: the manager finds
   * out. Not on a parent, which gives it in `childManagerOptions`.
   */
  dialect?: DialectOption
  /**
   * Lines that instances print: with a `prefix` that names machine, instance and shards, `inherit`
   * as they are, or `ignore`. Default `prefix`. Not on a parent.
   */
  output?: OutputMode
  /**
   * What SIGINT (Ctrl-C), SIGTERM and SIGHUP do: `stop` everything, `detach` and leave the bots
   * running, or `ignore`. Default `stop`.
   */
  signals?: SignalPolicy
  /** Deadline in ms of calls that bring none of their own. Default 30,000. */
  callTimeoutMs?: number
}
