/** Options of the fake Discord: defaults, and what is refused. */
import { MachinesError } from '../../errors.js'
import { realSystem, type System } from '../../system/system.js'
import { fakeDiscordBounds } from './bounds.js'

export interface FakeDiscordOptions {
  /** Shards of the bot: a session with any other total is refused. Default 1. */
  readonly totalShards?: number
  /** What `GET /gateway/bot` recommends. Default `totalShards`. */
  readonly recommendedShards?: number
  /** Default 3, at most 2,500. */
  readonly guildsPerShard?: number
  /** Members of each guild; the bot is one of them. Default 5, at most 100,000. */
  readonly membersPerGuild?: number
  /** Buckets that may each IDENTIFY once per interval; a bucket is `shard % maxConcurrency`. Default 1. */
  readonly maxConcurrency?: number
  /** Time between two IDENTIFYs of one bucket in ms; at Discord, and by default, 5,000. */
  readonly identifyIntervalMs?: number
  /** What HELLO asks for in ms. A client that is silent for two of them is closed. Default 45,000. */
  readonly heartbeatIntervalMs?: number
  /** Time from READY to the first GUILD_CREATE, and from each to the next, in ms. Default 0. */
  readonly guildDelayMs?: number
  /** The one token that is right. Default: every token is. */
  readonly token?: string
  /** Intents that the application was not given: an IDENTIFY with one of them is closed (4014). Default 0. */
  readonly disallowedIntents?: number
  /**
   * Sessions that may be started in a period: `total` (default 1,000), how many are left of the
   * first one (default all), and how long it lasts in ms (default a day).
   */
  readonly sessionStartLimit?: {
    readonly total?: number
    readonly remaining?: number
    readonly resetAfterMs?: number
  }
  /** WebSocket connections that may be open at a time; others get HTTP 503. Default, and at most, 20,000. */
  readonly connectionsMax?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 0: a free one. */
  readonly port?: number
  /** Clock, timers and randomness. Default the real ones. */
  readonly system?: System
}

export interface ResolvedFakeDiscordOptions
  extends Readonly<Required<Omit<FakeDiscordOptions, 'token' | 'sessionStartLimit'>>> {
  readonly token: string | undefined
  readonly sessionStartLimit: Readonly<
    Required<NonNullable<FakeDiscordOptions['sessionStartLimit']>>
  >
}

const dayMs = 86_400_000
/** The longest time that a timer of Node.js can hold. */
const timerMsMax = 2 ** 31 - 1

type Range = readonly [min: number, max: number, standard: number]

const { totalShardsMax, guildsPerShardMax, membersPerGuildMax, connectionsMax } = fakeDiscordBounds

const ranges = Object.freeze({
  totalShards: [1, totalShardsMax, 1],
  guildsPerShard: [0, guildsPerShardMax, 3],
  membersPerGuild: [1, membersPerGuildMax, 5],
  maxConcurrency: [1, totalShardsMax, 1],
  identifyIntervalMs: [0, timerMsMax, 5_000],
  heartbeatIntervalMs: [10, timerMsMax / 2, 45_000],
  guildDelayMs: [0, timerMsMax, 0],
  disallowedIntents: [0, 2 ** 31 - 1, 0],
  connectionsMax: [1, connectionsMax, connectionsMax],
  port: [0, 65_535, 0],
}) satisfies Readonly<Record<string, Range>>

const others = ['recommendedShards', 'token', 'sessionStartLimit', 'host', 'system']

/** Throws DM_OPTION_UNKNOWN, DM_OPTION_TYPE or DM_OPTION_VALUE, with the path of the option. */
export function resolveFakeDiscordOptions(given: FakeDiscordOptions): ResolvedFakeDiscordOptions {
  refuseUnknown(given, [...Object.keys(ranges), ...others], '')
  const number = (name: keyof typeof ranges): number => readInteger(given[name], name, ranges[name])
  const totalShards = number('totalShards')
  const { recommendedShards: recommended, token, host } = given
  return {
    totalShards,
    recommendedShards: readInteger(recommended, 'recommendedShards', [
      1,
      totalShardsMax,
      totalShards,
    ]),
    guildsPerShard: number('guildsPerShard'),
    membersPerGuild: number('membersPerGuild'),
    maxConcurrency: number('maxConcurrency'),
    identifyIntervalMs: number('identifyIntervalMs'),
    heartbeatIntervalMs: number('heartbeatIntervalMs'),
    guildDelayMs: number('guildDelayMs'),
    disallowedIntents: number('disallowedIntents'),
    connectionsMax: number('connectionsMax'),
    port: number('port'),
    token: token === undefined ? undefined : readText(token, 'token'),
    host: host === undefined ? '127.0.0.1' : readText(host, 'host'),
    system: given.system ?? realSystem,
    sessionStartLimit: readStartLimit(given.sessionStartLimit ?? {}),
  }
}

function readStartLimit(
  given: NonNullable<FakeDiscordOptions['sessionStartLimit']>,
): ResolvedFakeDiscordOptions['sessionStartLimit'] {
  const path = 'sessionStartLimit.'
  refuseUnknown(given, ['total', 'remaining', 'resetAfterMs'], path)
  const max = Number.MAX_SAFE_INTEGER
  const total = readInteger(given.total, `${path}total`, [0, max, 1_000])
  return {
    total,
    remaining: readInteger(given.remaining, `${path}remaining`, [0, total, total]),
    resetAfterMs: readInteger(given.resetAfterMs, `${path}resetAfterMs`, [1, max, dayMs]),
  }
}

function readInteger(given: number | undefined, path: string, [min, max, standard]: Range): number {
  if (given === undefined) return standard
  const allowed = `an integer from ${min} to ${Math.floor(max)}`
  // Callers may be without types.
  const code = typeof given === 'number' ? 'DM_OPTION_VALUE' : 'DM_OPTION_TYPE'
  if (Number.isInteger(given) && given >= min && given <= max) return given
  throw new MachinesError(code, `${path} must be ${allowed}`, {
    path,
    given: String(given),
    allowed,
  })
}

/** The value is never shown: it may be a token. */
function readText(given: string, path: string): string {
  if (typeof given === 'string' && given !== '') return given
  const code = typeof given === 'string' ? 'DM_OPTION_VALUE' : 'DM_OPTION_TYPE'
  const allowed = 'a string that is not empty'
  throw new MachinesError(code, `${path} must be ${allowed}`, { path, allowed })
}

function refuseUnknown(given: object, names: readonly string[], path: string): void {
  const strange = Object.keys(given).find((name) => !names.includes(name))
  if (strange === undefined) return
  throw new MachinesError('DM_OPTION_UNKNOWN', `there is no option ${path}${strange}`, {
    path: `${path}${strange}`,
    allowed: `one of ${names.join(', ')}`,
  })
}
