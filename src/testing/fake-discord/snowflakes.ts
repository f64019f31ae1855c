/**
 * Ids as Discord makes them: 42 bits of ms since 2015, then 22 bits that tell ids of one ms apart.
 *
 * A guild belongs to shard `(id >> 22) % total` (Discord's sharding formula), so the ms of its id
 * decides where it lives: the ids are made from the shard, not the other way round.
 */

/** Ms since Discord's epoch of the oldest guild, a day in 2021; any day does. */
const oldestMs = 200_000_000_000
const lowBits = 22n

/** What an id is of; each kind has its own part of the low 22 bits. */
const kinds = { guild: 0, channel: 16, user: 1_024 } as const

export type SnowflakeKind = keyof typeof kinds

/** The ms in the ids of everything that belongs to the guild with this index on this shard. */
export function guildMs(shard: number, index: number, totalShards: number): number {
  const base = Math.ceil(oldestMs / totalShards) * totalShards
  return base + shard + index * totalShards
}

/** `index` counts things of one kind in one guild. */
export function snowflake(ms: number, kind: SnowflakeKind, index = 0): string {
  return ((BigInt(ms) << lowBits) | BigInt(kinds[kind] + index)).toString()
}

/** The ms of an id; undefined when it is not one. */
export function msOf(id: string): number | undefined {
  return /^\d{15,20}$/.test(id) ? Number(BigInt(id) >> lowBits) : undefined
}

/** When something with such an id was made, as Discord writes dates. */
export function dateOf(ms: number): string {
  const discordEpoch = 1_420_070_400_000
  return new Date(discordEpoch + ms).toISOString()
}
