/** Options of running instances, shared by all modes, as users write them. */
import type { ShardRange } from '../allocator/shard-range.js'
import type { DialectOption } from './resolved-options.js'
import type { ChildShardingModes } from './sharding-modes.js'

/**
 * A list of shards: a number n (or a numeric string) means 0..n-1, an array is taken as it is,
 * `{ from, to }` includes both ends. DM_SHARDS_INVALID for anything else.
 */
export type ShardsOption = number | string | readonly number[] | ShardRange

/** Environment variables by name. */
export type EnvOption = Readonly<Record<string, string | undefined>>

/** When and how often an instance that exited is started again. */
export interface RespawnOptions {
  /** First delay in ms; it doubles with every exit in a row. Default 1,000. */
  delayMs?: number
  /** Longest delay in ms. Default 60,000, or `delayMs` where that is longer. */
  delayMsMax?: number
  /** Exits in a row after which the instance stays down (`crashLoop`). Default 5. */
  attemptsMax?: number
  /** An instance that was ready for so many ms counts as healthy again. Default 60,000. */
  healthyMs?: number
  /**
   * Sessions with Discord, one per shard and start, that the instances of one machine may start in
   * 24 hours before instances that exit are held down (phase `backoff`, warning DM_RESPAWN_HELD)
   * until there is room. What you ask for counts, but is never held. Default: the machine's share, by
   * shards, of max(1,000, 5 per shard of the bot), and at least 5 for each of its shards.
   */
  identifiesPerDayMax?: number
}

/** Options of `child_process.fork` that a user may set; the manager owns the others. */
export interface ProcessForkOptions {
  /** Working directory of instances. Default: that of the manager. */
  cwd?: string | URL
  /** Node.js executable. Default: that of the manager. */
  execPath?: string
  /** Arguments for Node.js. Default: those of the manager. */
  execArgv?: readonly string[]
  /** User id of instances (POSIX). */
  uid?: number
  /** Group id of instances (POSIX). */
  gid?: number
  /** How the fork channel of Node.js packs messages. Default `json`. */
  serialization?: 'json' | 'advanced'
  /** As in Node.js. Default false. */
  windowsHide?: boolean
  /** As in Node.js. Default false. */
  windowsVerbatimArguments?: boolean
}

/** For instances that are processes. */
export interface ProcessesShardingOptions {
  /** Variables on top of the manager's own. */
  env?: EnvOption
  /** Options of `child_process.fork`. */
  forkOptions?: ProcessForkOptions
}

/** Memory of one worker in MiB; Node.js ends a worker that needs more. */
export interface WorkerResourceLimits {
  /** Main heap. */
  maxOldGenerationSizeMb?: number
  /** Heap of recent objects. */
  maxYoungGenerationSizeMb?: number
  /** Memory for generated code. */
  codeRangeSizeMb?: number
  /** Stack of the thread. */
  stackSizeMb?: number
}

/** Options of `new Worker` that a user may set; the manager owns the others. */
export interface WorkerSpawnOptions {
  /** Appended to `process.argv` of the worker, as text. */
  argv?: readonly unknown[]
  /** Arguments for Node.js. Default: those of the manager. */
  execArgv?: readonly string[]
  /** Copied to every worker. */
  workerData?: unknown
  /** Memory of each worker. Default: the limits of Node.js. */
  resourceLimits?: WorkerResourceLimits
  /** Name of the worker in tools. */
  name?: string
  /** As in Node.js. Default true. */
  trackUnmanagedFds?: boolean
}

/** For instances that are worker threads. */
export interface WorkersShardingOptions {
  /** Variables on top of the manager's own. */
  env?: EnvOption
  /** Options of `new Worker`. */
  spawnOptions?: WorkerSpawnOptions
}

/** For instances that are workers of `node:cluster`. */
export interface ClustersShardingOptions {
  /** Variables on top of the manager's own. */
  env?: EnvOption
}

/**
 * What a parent hands to a machine. It travels to the child, which may refuse parts of it
 * (`machines.accept`, DM_ASSIGNMENT_REFUSED); what is not given is the child's own setting.
 */
export interface ChildShardingManagerOptions {
  /** How the machine runs its instances. Default `processes`. */
  mode?: ChildShardingModes
  /** Shards of the machine; here or in the point. `[]`: a spare. */
  shards?: ShardsOption
  /** Shards that one instance serves; here or in the point. Default 1. */
  shardsPerInstance?: number
  /** Start file on the machine; needs `accept.file` there. Default: the child's own. */
  file?: string
  /** `env`, `forkOptions.execArgv` and `forkOptions.cwd` travel (the latter two: `accept`). */
  processes?: ProcessesShardingOptions
  /** `env` and `spawnOptions.execArgv` travel. */
  workers?: WorkersShardingOptions
  /** `env` travels. */
  clusters?: ClustersShardingOptions
  /** As in {@link ShardingManagerOptions}, ms. Default: the child's own. */
  startTimeoutMs?: number
  /** As in {@link ShardingManagerOptions}. Default: the child's own. */
  startConcurrency?: number
  /** As in {@link ShardingManagerOptions}, ms. Default: the child's own. */
  killTimeoutMs?: number
  /** As in {@link ShardingManagerOptions}. Default: the child's own. */
  respawn?: boolean | RespawnOptions
  /** As in {@link ShardingManagerOptions}. Default: the child's own, which is `auto`. */
  dialect?: DialectOption
  /** As in {@link ShardingManagerOptions}, MiB. Default: the child's own. */
  maxMemoryMb?: number
}
