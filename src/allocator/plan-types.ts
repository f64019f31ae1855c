/** What the allocator hands to the modes: who runs which shards under which instance id. */
import type { ShardRange } from './shard-range.js'

/** One running copy of the bot, as planned. */
export interface InstancePlan {
  /** Unique over all machines, counted from 0 without gaps, below `totalShards`. */
  readonly id: number
  /** Shard ids, ascending. */
  readonly shards: readonly number[]
}

/** The share of one machine. */
interface MachinePlan {
  /** Position of the machine's point, from 0. */
  readonly index: number
  /** Name of the machine: the point's `name`, else `host:port`. */
  readonly machine: string
  readonly instances: readonly InstancePlan[]
}

export interface ShardPlan {
  readonly totalShards: number
  readonly machines: readonly MachinePlan[]
}

/** What the planner is told about one machine. */
export interface MachineShare {
  readonly machine: string
  /** Shard ids in the order the user gave them. */
  readonly shards: readonly number[]
  readonly shardsPerInstance: number
}

/** An instance that is to run on another machine, or does so from now on. */
export interface ShardMove {
  readonly instance: number
  /** Shard ids, ascending. */
  readonly shards: readonly number[]
  /** Names of machines. */
  readonly from: string
  readonly to: string
}

/** A shard list as ranges, for messages to people and for the wire. */
export type ShardRanges = readonly ShardRange[]
