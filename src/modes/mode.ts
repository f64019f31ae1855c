/**
 * The seam that every mode of the manager fills: local (processes, workers, clusters) and machines
 * (parent, child). The public `ShardingManager` picks one and turns its events into its own.
 */
import type { ErrorCode, MachinesError } from '../errors.js'
import type { DialectMessage } from '../instances/dialects/dialect.js'
import type { ManagerIdentity } from '../link/identity.js'
import type { ChildShardingModes } from '../options/sharding-modes.js'
import type { Calls } from '../routing/calls.js'
import type { Undelivered } from '../routing/router-types.js'
import type { InstanceEvent, InstanceStatus } from './local/fleet-types.js'
import type { MachineControl } from './machine-control.js'
import type { Mail } from './mail.js'
import type { PlacementEvent } from './placement-events.js'

/** Where a machine stands, as its parent sees it. */
export type MachinePhase =
  | 'dialling' // not connected yet; the parent keeps trying
  | 'starting' // linked, its instances start
  | 'ready' // every instance is ready
  | 'failed' // refused, or an instance did not start
  | 'lost' // was linked, the connection broke; the parent keeps trying
  | 'stopped' // told to stop, or stopped by itself
  | 'detached' // the parent has let go of it; its instances run on

/** One machine, as `ShardingManager.machines` shows it. */
export interface MachineStatus {
  readonly name: string
  /** Position of its point, from 0. */
  readonly index: number
  readonly phase: MachinePhase
  /** How it runs its instances. */
  readonly mode: ChildShardingModes
  /** Round trip of the link in ms; undefined while not linked, and for a local mode. */
  readonly pingMs: number | undefined
  /** Median of the last round trips (128 at most) of the present connection, ms. */
  readonly pingP50Ms: number | undefined
  /** The round trip that 99 of 100 of them do not exceed, ms. */
  readonly pingP99Ms: number | undefined
  /** How late the other manager's event loop ran at its last heartbeat, ms. */
  readonly lagMs: number | undefined
  /** Why it is failed or lost. */
  readonly error: MachinesError | undefined
  readonly instances: readonly InstanceStatus[]
}

/** What a mode tells the manager. */
export type ModeEvent =
  | { readonly type: 'instance'; readonly machine: string; readonly event: InstanceEvent }
  /** Which instances there are, or where, has changed. */
  | { readonly type: 'instances' }
  | {
      readonly type: 'machine'
      readonly machine: string
      readonly phase: MachinePhase
      readonly error?: MachinesError
    }
  | {
      readonly type: 'dial-failed'
      readonly machine: string
      readonly error: MachinesError
      readonly attempt: number
      readonly retryMs: number
    }
  | { readonly type: 'slow'; readonly machine: string; readonly pingMs: number }
  | { readonly type: 'undelivered'; readonly report: Undelivered }
  | { readonly type: 'mail'; readonly mail: Mail }
  /** Somebody was not let in on the port of this child. */
  | { readonly type: 'refused'; readonly error: MachinesError }
  | { readonly type: 'envelope'; readonly instance: number; readonly envelope: Uint8Array }
  | { readonly type: 'warning'; readonly error: MachinesError }
  /** The parent told this child to stop and the child's policy is to end with it. */
  | { readonly type: 'dismissed' }
  /** Of a parent alone; `instances` comes before `moved`. */
  | PlacementEvent

export interface ManagerMode {
  /** Messages, evals and requests to instances, wherever they run. */
  readonly calls: Calls
  /** Tells every bot something in its own dialect. */
  tell(message: DialectMessage): void
  /** See the modes for what "started" means; rejects with DM_START_FAILED or DM_START_ABORTED. */
  start(): Promise<void>
  /** Ends every instance that this manager answers for; resolves when their exits are confirmed. */
  stop(reason: string): Promise<void>
  /** Closes the links and leaves the bots running; only a parent can. */
  detach?(): Promise<void>
  /**
   * Resolves when every link has so much room that as much again can be sent; in local modes at
   * once, as there is no network to wait for. Never rejects.
   */
  flushed(): Promise<void>
  machines(): readonly MachineStatus[]
  /** One of them, without a look at all the others; undefined: there is none of this name. */
  machine(name: string): MachineStatus | undefined
  /** Shards of the whole bot; 0 in a child that was not told yet. */
  totalShards(): number
  /** The address a child listens on; undefined before start() and in other modes. */
  address(): { readonly host: string; readonly port: number } | undefined
  /** How others know this manager; undefined before start() and in a local mode. */
  identity(): ManagerIdentity | undefined
  /** How many connections a child has refused since its start, by code; empty in other modes. */
  refusals(): ReadonlyMap<ErrorCode, number>
  /**
   * Forgets the key that was trusted on first use; false: none was known. `name`: that of a machine
   * on a parent, `parent` on a child. Throws DM_TARGET_UNKNOWN, DM_STATE before start(),
   * DM_STATE_DIR, and DM_NOT_IN_THIS_MODE in a local mode.
   */
  forgetPeer(name: string): boolean
  /** Changes of machines while the bot runs; only a parent has it. */
  readonly control?: MachineControl
  kill(instance: number): Promise<void>
  create(instance: number): Promise<void>
  recreate(instance: number): Promise<void>
  /** ChildProcess, Worker or cluster worker, where it runs on this machine. */
  raw(instance: number): unknown
}
