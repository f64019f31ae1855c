/** What a parent tells of shards that change machines, or do not although their machine is lost. */
import type { ShardMove } from '../allocator/plan-types.js'

/** Instances that belong to other machines from now on. */
export interface ShardsMoved {
  /** Ascending by instance. Each starts on its new machine when the former one surely runs it no more. */
  readonly moves: readonly ShardMove[]
  /** Their machine was lost, is drained or removed, or a plan was applied. */
  readonly reason: 'machine-lost' | 'drain' | 'plan' | 'remove'
}

/** A machine cannot be reached any more. */
export interface MachineLost {
  readonly machine: string
  /** `hold`: its shards stay with it, whatever became of it. `reassign`: they go elsewhere. */
  readonly policy: 'hold' | 'reassign'
  /** Ids of the shards that belong to it, ascending. */
  readonly shards: readonly number[]
  /** In how many ms its shards will be given to others at the earliest; absent: never. */
  readonly inMs?: number
}

/** Shards of a lost machine that would be given to others, and are not for now. */
export interface ReassignHeld {
  readonly machine: string
  /**
   * `no-majority`: this parent reaches too few machines to know better than they do. `round-full`:
   * enough was given away for now, the next round comes. `no-room`: no machine may take them.
   */
  readonly why: 'no-majority' | 'round-full' | 'no-room'
  readonly shards: readonly number[]
}

export type PlacementEvent =
  | ({ readonly type: 'moved' } & ShardsMoved)
  | ({ readonly type: 'machine-lost' } & MachineLost)
  | ({ readonly type: 'reassign-held' } & ReassignHeld)
