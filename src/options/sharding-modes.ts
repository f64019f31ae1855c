/**
 * The mode names. The guide writes `ShardingManagerModes.MACHINES`, discordoo 0.12 exports
 * `ShardingModes.Machines`; both spellings of every member exist here, and the plain strings work.
 */

/** How a manager runs its instances, all four ways. */
export const ShardingManagerModes = {
  PROCESSES: 'processes',
  WORKERS: 'workers',
  CLUSTERS: 'clusters',
  MACHINES: 'machines',
  Processes: 'processes',
  Workers: 'workers',
  Clusters: 'clusters',
  Machines: 'machines',
} as const
/** The value of any member of {@link ShardingManagerModes}: the plain text works as well. */
export type ShardingManagerModes = (typeof ShardingManagerModes)[keyof typeof ShardingManagerModes]

/** How one machine runs its instances: the modes without `machines`. */
export const ChildShardingModes = {
  PROCESSES: 'processes',
  WORKERS: 'workers',
  CLUSTERS: 'clusters',
  Processes: 'processes',
  Workers: 'workers',
  Clusters: 'clusters',
} as const
/** The value of any member of {@link ChildShardingModes}. */
export type ChildShardingModes = (typeof ChildShardingModes)[keyof typeof ChildShardingModes]

/** discordoo's own name for {@link ShardingManagerModes}. */
export const ShardingModes: typeof ShardingManagerModes = ShardingManagerModes
/** The value of any member of {@link ShardingModes}. */
export type ShardingModes = ShardingManagerModes

/** discordoo's own name for {@link ChildShardingModes}. */
export const PartialShardingModes: typeof ChildShardingModes = ChildShardingModes
/** The value of any member of {@link PartialShardingModes}. */
export type PartialShardingModes = ChildShardingModes
