/**
 * discordoo's 128-bit snowflakes, as decimal strings: ids of managers and instances.
 *
 * From the top: 42 bits of ms since 2021-01-01, 32 bits of worker id, 32 bits of shard id, 22 bits
 * of increment. discordoo fills the worker id with the process id; a manager and its worker threads
 * share that, so callers here pass a random one.
 */

const epochMs = 1_609_459_200_000
const incrementMax = 4_194_302

/** The shard field that marks an id as a manager's. */
export const managerMarker = 1_111_111_111

export interface SnowflakeParts {
  /** Wall clock, ms since the Unix epoch. */
  readonly timeMs: number
  readonly worker: number
  readonly shard: number
  readonly increment: number
}

export function makeSnowflake({ timeMs, worker, shard, increment }: SnowflakeParts): string {
  const id =
    (BigInt(timeMs - epochMs) << 86n) |
    (BigInt(worker >>> 0) << 54n) |
    (BigInt(shard >>> 0) << 22n) |
    BigInt(increment % incrementMax)
  return id.toString()
}

export function readSnowflake(snowflake: string): SnowflakeParts {
  const id = BigInt(snowflake)
  return {
    timeMs: Number(id >> 86n) + epochMs,
    worker: Number((id >> 54n) & 0xffff_ffffn),
    shard: Number((id >> 22n) & 0xffff_ffffn),
    increment: Number(id & 0x3f_ffffn),
  }
}
