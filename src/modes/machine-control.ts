/** What a parent can be asked to change about its machines while the bot runs: a seam of ManagerMode. */
import type { ShardMove } from '../allocator/plan-types.js'

/** What `ShardingManager.plan` returns. */
export interface MovePlan {
  /** What `apply` would move, ascending by instance; empty: nothing. */
  readonly moves: readonly ShardMove[]
  /** Instances for which no machine has room; they stay where they are. */
  readonly unplaced: readonly number[]
  /** The state of things that it was made of; `apply` refuses it when that has changed. */
  readonly version: number
}

export interface MachineControl {
  /** Throws as options do, with paths that begin with `point`. Returns the name of the machine. */
  addPoint(point: unknown): string
  plan(): MovePlan
  /** Throws DM_PLAN_STALE and DM_OPTION_TYPE. */
  check(plan: MovePlan): readonly ShardMove[]
  /**
   * Nothing comes to the machine any more; returns what has to leave it. Throws DM_NO_ROOM (then
   * nothing has changed), DM_OFFLINE and DM_TARGET_UNKNOWN.
   */
  drain(machine: string): readonly ShardMove[]
  /** The machine may take shards again. Throws DM_TARGET_UNKNOWN. */
  undrain(machine: string): void
  /** Moves one instance; resolves when it is ready there. */
  move(move: ShardMove, reason: 'drain' | 'plan' | 'remove'): Promise<void>
  /**
   * Nothing runs on the machine, says a person who has looked: its shards go elsewhere at once.
   * Throws DM_TARGET_UNKNOWN, and DM_STATE for a machine that can be reached.
   */
  confirmDown(machine: string): void
  /** Forgets a machine on which nothing runs. Throws DM_STATE while it is not empty. */
  remove(machine: string): Promise<void>
}
