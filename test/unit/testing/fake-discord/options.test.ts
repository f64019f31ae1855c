import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import { resolveFakeDiscordOptions } from '../../../../src/testing/fake-discord/options.js'

function faultOf(options: object): { code: string; path: string | undefined; text: string } {
  try {
    resolveFakeDiscordOptions(options)
  } catch (thrown) {
    if (thrown instanceof MachinesError) {
      return { code: thrown.code, path: thrown.path, text: inspect(thrown) }
    }
  }
  throw new Error('the options were taken')
}

describe('options of the fake Discord', () => {
  it('are those of Discord where none are given', () => {
    expect(resolveFakeDiscordOptions({ totalShards: 8 })).toMatchObject({
      totalShards: 8,
      recommendedShards: 8,
      guildsPerShard: 3,
      membersPerGuild: 5,
      maxConcurrency: 1,
      identifyIntervalMs: 5_000,
      heartbeatIntervalMs: 45_000,
      guildDelayMs: 0,
      disallowedIntents: 0,
      token: undefined,
      host: '127.0.0.1',
      port: 0,
      sessionStartLimit: { total: 1_000, remaining: 1_000, resetAfterMs: 86_400_000 },
    })
  })

  it.each([
    [{ shards: 4 }, 'DM_OPTION_UNKNOWN', 'shards'],
    [{ sessionStartLimit: { left: 4 } }, 'DM_OPTION_UNKNOWN', 'sessionStartLimit.left'],
    [{ totalShards: 0 }, 'DM_OPTION_VALUE', 'totalShards'],
    [{ totalShards: 1.5 }, 'DM_OPTION_VALUE', 'totalShards'],
    [{ totalShards: Number.NaN }, 'DM_OPTION_VALUE', 'totalShards'],
    [{ totalShards: '4' }, 'DM_OPTION_TYPE', 'totalShards'],
    [{ guildsPerShard: 2_501 }, 'DM_OPTION_VALUE', 'guildsPerShard'],
    [{ membersPerGuild: 0 }, 'DM_OPTION_VALUE', 'membersPerGuild'],
    [{ heartbeatIntervalMs: 0 }, 'DM_OPTION_VALUE', 'heartbeatIntervalMs'],
    [{ port: 65_536 }, 'DM_OPTION_VALUE', 'port'],
    [{ host: '' }, 'DM_OPTION_VALUE', 'host'],
    [{ token: 7 }, 'DM_OPTION_TYPE', 'token'],
    [
      { sessionStartLimit: { total: 5, remaining: 6 } },
      'DM_OPTION_VALUE',
      'sessionStartLimit.remaining',
    ],
  ])('%j are refused', (options, code, path) => {
    expect(faultOf(options)).toMatchObject({ code, path })
  })

  it('never show a token', () => {
    expect(faultOf({ token: ['hunter2'] }).text).not.toContain('hunter2')
  })
})
