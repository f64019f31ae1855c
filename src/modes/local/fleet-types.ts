/** What the instances of one machine look like to the layers above: the fleet. */
import type { InstancePlan } from '../../allocator/plan-types.js'
import type { MachinesError } from '../../errors.js'
import type { GatewayState } from '../../instances/dialects/dialect.js'
import type { IpcIds } from '../../instances/ipc-ids.js'
import type { RunOptions } from '../../options/resolved-options.js'
import type { Undelivered } from '../../routing/router-types.js'
import type { System } from '../../system/system.js'
import type { InstanceExit } from './launcher.js'

/** Where an instance stands in its life. */
export type InstancePhase =
  | 'waiting' // planned, its turn to start has not come
  | 'starting' // spawned, not ready yet
  | 'ready'
  | 'stopping'
  | 'backoff' // exited, will be respawned, at the latest when the budget of session starts allows
  | 'crash-loop' // exited too often, stays down until restart()
  | 'stopped'

/** One instance, as `MachineStatus.instances` shows it. */
export interface InstanceStatus extends InstancePlan {
  readonly phase: InstancePhase
  /** Process id; undefined while it is down, and in `workers` mode. */
  readonly pid: number | undefined
  /** How often it was started again by itself: after an exit, or for its memory. */
  readonly respawns: number
  /**
   * Memory in MiB as the instance last said: RSS of a process or cluster worker, heap and external
   * memory of a worker. Undefined while it is down. Measured every 2 s; on a parent, changes below a
   * tenth, and more than one in 30 s, are not told.
   */
  readonly memoryMb: number | undefined
  /** True in phase `backoff` while the budget of session starts keeps it down. */
  readonly isHeld: boolean
}

/** Everything that happens to instances, for the layers above; JSON-safe, so it can travel. */
export type InstanceEvent =
  | { readonly type: 'spawned'; readonly instance: number; readonly pid: number | undefined }
  | { readonly type: 'ready'; readonly instance: number }
  | { readonly type: 'gateway'; readonly instance: number; readonly state: GatewayState }
  | { readonly type: 'exited'; readonly instance: number; readonly exit: ExitSummary }
  | { readonly type: 'respawning'; readonly instance: number; readonly delayMs: number }
  | { readonly type: 'crash-loop'; readonly instance: number; readonly exits: number }
  | {
      readonly type: 'start-failed'
      readonly instance: number
      readonly code: string
      readonly message: string
    }
  | { readonly type: 'stopped'; readonly instance: number }
  /**
   * The budget of session starts is used up: it stays in `backoff` for so long; or runs on for so
   * long, where its memory was the reason.
   */
  | {
      readonly type: 'respawn-held'
      readonly instance: number
      readonly delayMs: number
      /** Sessions that the machine may start in 24 hours by itself. */
      readonly identifiesMax: number
      /** Whether it is the first on its machine in a day. */
      readonly isNews: boolean
    }
  /** Its memory has changed, MiB; not every report gives one. */
  | { readonly type: 'memory'; readonly instance: number; readonly memoryMb: number }
  /** Its memory stayed above maxMemoryMb: it is restarted now. */
  | {
      readonly type: 'memory-limit'
      readonly instance: number
      readonly memoryMb: number
      readonly limitMb: number
    }

/** How an instance ended. */
export interface ExitSummary {
  /** Exit code; null when a signal ended it, or when it never came to life. */
  readonly code: InstanceExit['code']
  /** Name of the signal that ended it, else null. */
  readonly signal: InstanceExit['signal']
  /** What went wrong, where the system or a worker said so. */
  readonly message?: string
}

export interface FleetOptions {
  readonly machine: string
  readonly totalShards: number
  readonly instances: readonly InstancePlan[]
  readonly run: RunOptions
  readonly callTimeoutMs: number
  readonly system: System
  /**
   * Lines that instances print, already prefixed, when `run.output` is 'prefix'. While a returned
   * promise is pending, that stream of that instance is not read: a slow terminal slows bots down
   * instead of filling memory. `writeLine` of output.ts does this for the manager's own output.
   */
  readonly writeOutput: (stream: 'stdout' | 'stderr', line: string) => void | Promise<void>
  readonly onEvent: (event: InstanceEvent) => void
  /** status() lists other instances than before: after add(), before they start; after remove(). */
  readonly onInstancesChanged?: () => void
  /** A routed envelope that an instance sent. */
  readonly onEnvelope: (instance: number, envelope: Uint8Array) => void
  /** An instance has gone without taking this; to be reported to whoever sent it. */
  readonly onNotTaken: (envelope: Uint8Array) => void
  /** What the dialect of an instance sent did not arrive. */
  readonly onUndelivered: (report: Undelivered) => void
  readonly onWarning: (error: MachinesError) => void
  /** How many instances there are over all machines. */
  readonly instanceCount: () => number
  /** Whether any of them serves this shard. */
  readonly hasShard: (shard: number) => boolean
  readonly ipcIds: IpcIds
  /** Resolves when there is room for more envelopes. Default: at once. */
  readonly flushed?: () => Promise<void>
}

/** The fleet owns its launcher: stop() closes it. After stop() a fleet is not started again. */
export interface Fleet {
  /**
   * Starts every instance, `startConcurrency` at a time.
   *
   * Resolves when all are ready. Rejects with DM_START_FAILED (`failures`: one error per instance)
   * once every instance is either ready or has failed for good: one that fails does not stop the
   * others. Rejects with DM_START_ABORTED when stop() is called meanwhile.
   */
  start(): Promise<void>
  /** Asks, waits killTimeoutMs, SIGTERM, waits again, SIGKILL; resolves when all exits are confirmed. */
  stop(reason: string): Promise<void>
  /**
   * Takes further instances and starts them, after start(). Resolves and rejects as start() does,
   * for these alone. Rejects with DM_STATE when one of the ids is here already.
   */
  add(plans: readonly InstancePlan[]): Promise<void>
  /**
   * Ends these instances as stop() does and forgets them; resolves when their exits are confirmed.
   * Whoever waits for the start of one gets DM_START_ABORTED. Ids that are not here are passed over.
   */
  remove(ids: readonly number[], reason: string): Promise<void>
  /**
   * How long the instances may run, in the machine's time (System.machineTime); undefined: for as
   * long as their manager lives. Told to every instance, those to come included. From that time on
   * they end by themselves and none is launched; what still lives 2 x killTimeoutMs later is killed,
   * whatever has become of this manager.
   */
  lease(until: number | undefined): void
  /** Ends one instance, for good until create(). */
  kill(instance: number): Promise<void>
  /** Starts one that is down; resolves when ready. */
  create(instance: number): Promise<void>
  /** kill, then create. Clears a crash loop. */
  recreate(instance: number): Promise<void>
  /** Hands an envelope to an instance; false when it is not running or does not read. */
  deliver(instance: number, envelope: Uint8Array): boolean
  status(): readonly InstanceStatus[]
  /** ChildProcess, Worker or cluster worker of a running instance. */
  raw(instance: number): unknown
}
