/** Options of how instances run, shared by local modes and children, and their defaults. */
import { limits } from '../limits.js'
import { bool, type Check, duration, integer, literalOr, mapped, oneOf } from './checks.js'
import { count } from './common-fields.js'
import { type Fields, object, optional, required, withDefault } from './object-check.js'
import type { DialectOption, OutputMode, RespawnPolicy, RunOptions } from './resolved-options.js'
import type { ChildShardingModes } from './sharding-modes.js'
import { type SpawnSettingsByMode, spawnFields } from './spawn-options.js'

/** The policy where `respawn` was not given. */
const defaultRespawn: RespawnPolicy = {
  enabled: true,
  delayMs: 1_000,
  delayMsMax: 60_000,
  attemptsMax: 5,
  healthyMs: 60_000,
}

interface GivenRespawn {
  readonly delayMs: number
  readonly delayMsMax: number | undefined
  readonly attemptsMax: number
  readonly healthyMs: number
  readonly identifiesPerDayMax: number | undefined
}

const respawnObject = mapped(
  object<GivenRespawn>(
    {
      delayMs: withDefault(duration(0), defaultRespawn.delayMs),
      delayMsMax: optional(duration(0)),
      attemptsMax: withDefault(count, defaultRespawn.attemptsMax),
      healthyMs: withDefault(duration(0), defaultRespawn.healthyMs),
      identifiesPerDayMax: optional(count),
    },
    { aliases: { enabled: 'give respawn: false to turn it off' } },
  ),
  (given, at): RespawnPolicy | undefined => {
    const longest = given.delayMsMax ?? Math.max(given.delayMs, defaultRespawn.delayMsMax)
    if (given.delayMs <= longest) return { enabled: true, ...given, delayMsMax: longest }
    return at
      .child('delayMsMax')
      .fault('DM_OPTION_CONFLICT', `${longest} is less than delayMs, which is ${given.delayMs}`, {
        given: String(longest),
        allowed: `${given.delayMs} or more`,
      })
  },
)

/** `true` and `false` stand for the default policy, turned on or off. */
const respawn: Check<RespawnPolicy> = mapped(literalOr([true, false], respawnObject), (given) =>
  typeof given === 'boolean' ? { ...defaultRespawn, enabled: given } : given,
)

/** A policy that another manager has already filled in. */
export const respawnPolicy: Check<RespawnPolicy> = object<RespawnPolicy>({
  enabled: required(bool),
  delayMs: required(duration(0)),
  delayMsMax: required(duration(0)),
  attemptsMax: required(count),
  healthyMs: required(duration(0)),
  identifiesPerDayMax: optional(count),
})

/** Which language the bot speaks with its manager. */
export const dialect: Check<DialectOption> = oneOf(['auto', 'discordoo', 'discord.js', 'native'])

/** MiB of one instance. */
export const maxMemoryMb: Check<number> = integer(1, limits.memoryMbMax, 'an integer of MiB')

/** What a parent may hand to a machine, and a machine may set by itself. */
export interface GivenPolicy {
  readonly startTimeoutMs: number | undefined
  readonly startConcurrency: number | undefined
  readonly killTimeoutMs: number | undefined
  readonly respawn: RespawnPolicy | undefined
  readonly dialect: DialectOption | undefined
  readonly maxMemoryMb: number | undefined
}

export const policyFields: Fields<GivenPolicy> = {
  startTimeoutMs: optional(duration(1)),
  startConcurrency: optional(count),
  killTimeoutMs: optional(duration(0)),
  respawn: optional(respawn),
  dialect: optional(dialect),
  maxMemoryMb: optional(maxMemoryMb),
}

export interface GivenRun extends GivenPolicy, SpawnSettingsByMode {
  readonly output: OutputMode
}

export const runFields: Fields<GivenRun> = {
  ...spawnFields,
  ...policyFields,
  output: withDefault(oneOf(['prefix', 'inherit', 'ignore']), 'prefix'),
}

/** Puts together what it takes to run instances in one mode. */
export function toRunOptions(mode: ChildShardingModes, file: string, given: GivenRun): RunOptions {
  return {
    mode,
    file,
    ...given[mode],
    startTimeoutMs: given.startTimeoutMs,
    startConcurrency: given.startConcurrency ?? 4,
    killTimeoutMs: given.killTimeoutMs ?? 5_000,
    respawn: given.respawn ?? defaultRespawn,
    output: given.output,
    dialect: given.dialect ?? 'auto',
    maxMemoryMb: given.maxMemoryMb,
  }
}
