/**
 * The seam of the local modes: how one running copy of the bot is created and ended. Processes,
 * workers and clusters fill it; `test/contract/launcher` is run by each of them.
 */
import type { Readable } from 'node:stream'
import type { InstancePlan } from '../../allocator/plan-types.js'
import type { InstanceChannel } from '../../instances/channel/instance-channel.js'
import type { BotIpc, DialectSpec } from '../../instances/dialects/dialect.js'
import type { RunOptions } from '../../options/resolved-options.js'

export interface LaunchSpec extends InstancePlan {
  readonly totalShards: number
  readonly machine: string
  readonly callTimeoutMs: number
  /** discordoo's ids of this manager and of the instance. */
  readonly managerIpcId: string
  readonly instanceIpcId: string
  readonly run: RunOptions
}

/** What the dialects look at. */
export function dialectSpecOf(spec: LaunchSpec): DialectSpec {
  const { id, shards, totalShards, run, managerIpcId, instanceIpcId } = spec
  return { instance: id, shards, totalShards, mode: run.mode, managerIpcId, instanceIpcId }
}

/** How an instance ended. */
export interface InstanceExit {
  readonly code: number | null
  readonly signal: string | null
  /** An error that ended it (spawn failed, uncaught error of a worker). */
  readonly error?: Error
}

/** Sent to the process; a worker knows no signals and is terminated by either. */
export type KillSignal = 'SIGTERM' | 'SIGKILL'

export interface LaunchedInstance {
  readonly channel: InstanceChannel
  /** Node's own messages, which bots of other dialects use. */
  readonly ipc: BotIpc
  /** Undefined in workers mode. */
  readonly pid: number | undefined
  /** Null where there is none to be read. */
  readonly stdout: Readable | null
  readonly stderr: Readable | null
  /** ChildProcess, Worker, or cluster worker, for users who need it (`ShardingInstance.rawShard`). */
  readonly raw: unknown
  /** Resolves once, when the system has confirmed that it is gone. Never rejects. */
  readonly exited: Promise<InstanceExit>
  kill(signal: KillSignal): void
}

export interface Launcher {
  readonly mode: 'processes' | 'workers' | 'clusters'
  /** Creates the instance. Never throws: a failed spawn is an exit with an error. */
  launch(spec: LaunchSpec): LaunchedInstance
  /** To be called when all that were launched are ready: from now on they may hang while they work. */
  settled?(): void
  /**
   * From this machine time on every instance is killed, those to come included, whatever has become
   * of the manager; undefined: never.
   */
  lease?(killAt: number | undefined): void
  /** Frees what the launcher holds (the reaper). All instances have exited before. */
  close(): Promise<void>
}
