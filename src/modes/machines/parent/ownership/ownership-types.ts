/** What goes into the core of ownership, and what comes out of it. */
import type { InstancePlan, ShardMove, ShardRanges } from '../../../../allocator/plan-types.js'

/** An instance as the options have made it; it keeps id and shards wherever it runs. */
export interface OwnedInstance extends InstancePlan {
  /** The machine whose point has its shards. */
  readonly home: string
}

/** One machine as the core sees it. */
export interface MachineRoom {
  readonly name: string
  /** Share of the load relative to others. */
  readonly weight: number
  /** Most shards it runs, its own included; undefined: any number. */
  readonly maxShards: number | undefined
}

export interface OwnershipOptions {
  readonly totalShards: number
  readonly policy: 'hold' | 'reassign'
  readonly leaseMs: number
  /** What the former start of this parent has left behind. */
  readonly former: FormerRecord
}

/**
 * What is known of the machines before they were heard. `nothing`: no start of this parent came
 * before, or the last one stopped them all. `unknown`: there was one, and no record of it.
 */
export type FormerRecord = OwnershipRecord | 'nothing' | 'unknown'

/** Kept in the state folder, so that the next start knows who may run what. */
export interface OwnershipRecord {
  readonly machines: Readonly<Record<string, MachineRecord>>
}

export interface MachineRecord {
  /** What it may run, as ranges. */
  readonly shards: string
  /** The lease it was told, and how long its instances may outlive it; null: none. */
  readonly lease: LeaseRecord | null
}

export interface LeaseRecord {
  readonly leaseMs: number
  readonly stopMs: number
}

/** What a machine says it runs. */
export interface RunningReport {
  /** Of the last assignment by this very start of this parent that it has heard; else 0. */
  readonly revision: number
  readonly totalShards: number
  /** The lease by which it runs; null: none. */
  readonly leaseMs: number | null
  readonly instances: readonly { readonly id: number; readonly shards: ShardRanges }[]
}

/** `found`: it runs there already. */
export type MoveReason = 'found' | 'machine-lost' | 'drain' | 'plan' | 'remove'

export type HeldWhy = 'no-majority' | 'round-full' | 'no-room'

export type OwnershipAction =
  /** Must be on disk before what follows is carried out. */
  | { readonly type: 'record'; readonly record: OwnershipRecord }
  | {
      readonly type: 'assign'
      readonly machine: string
      readonly revision: number
      readonly instances: readonly number[]
    }
  | { readonly type: 'grant'; readonly machine: string; readonly n: number }
  | { readonly type: 'round'; readonly machine: string; readonly round: number }
  | { readonly type: 'moved'; readonly moves: readonly ShardMove[]; readonly reason: MoveReason }
  | {
      readonly type: 'held-back'
      readonly machine: string
      readonly why: HeldWhy
      readonly instances: readonly number[]
    }
