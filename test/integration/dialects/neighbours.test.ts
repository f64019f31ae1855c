/** One discord.js bot of four in distress: what it does must not reach its neighbours. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EvalContext, ShardingManager, ShardingManagerOptions } from '../../../dist/index.js'
import { FakeDiscord } from '../../../dist/testing/index.js'
import { botFile } from '../../support/launched-bot.js'
import { Testbed } from '../../support/testbed.js'

let discord: FakeDiscord
let bed: Testbed

beforeEach(async () => {
  discord = await FakeDiscord.start({ totalShards: 4, guildsPerShard: 1, maxConcurrency: 4 })
  bed = new Testbed()
})
afterEach(async () => {
  await bed.close()
  await discord.close()
})

const hasty = {
  killTimeoutMs: 2_000,
  respawn: { delayMs: 20, attemptsMax: 3 },
  output: 'ignore',
} as const

function managerOf(
  mode: 'processes' | 'workers' | 'clusters',
  fate: string,
  more: Partial<ShardingManagerOptions> = {},
): ShardingManager {
  const env = { DISCORD_API: discord.apiUrl, BOT_FATE: `2:${fate}` }
  const file = botFile('discordjs.js')
  // Told beforehand in one mode, found out in the others.
  const dialect = mode === 'clusters' ? 'discord.js' : 'auto'
  return bed.make({ mode, file, shards: 4, dialect, ...hasty, [mode]: { env }, ...more })
}

const shardIds = ({ client }: EvalContext): number[] => client.shard.ids

/** What a bot of shard 0 hears from each of its kind. */
async function heardFromAll(manager: ShardingManager) {
  const outcomes = await manager.evalSettled(shardIds, { timeoutMs: 5_000 })
  return outcomes.map(({ status }) => status)
}

describe.each(['processes', 'workers', 'clusters'] as const)('in %s mode', (mode) => {
  it('one that prints megabytes starts and answers as the others', async () => {
    const manager = managerOf(mode, 'prints')
    await manager.start()
    expect(await heardFromAll(manager)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(discord.stats.violations).toEqual([])
  })

  it('one that exits in its first second ends in a crash loop, alone', async () => {
    const manager = managerOf(mode, 'exits')
    const loops: number[] = []
    manager.on('crashLoop', ({ id }, exits) => loops.push(id, exits))
    await expect(manager.start()).rejects.toMatchObject({
      code: 'DM_START_FAILED',
      failures: [{ code: 'DM_INSTANCE_CRASH_LOOP', instance: 2 }],
    })
    expect(loops).toEqual([2, 3])
    expect(await heardFromAll(manager)).toEqual(['ok', 'ok', 'offline', 'ok'])
    expect(discord.sessions).toHaveLength(3)
  })
})

describe('one that never gets ready', () => {
  it('fails by its own deadline, and the others go on', async () => {
    const manager = managerOf('processes', 'hangs', { startTimeoutMs: 4_000, respawn: false })
    await expect(manager.start()).rejects.toMatchObject({
      code: 'DM_START_FAILED',
      failures: [{ code: 'DM_INSTANCE_START_TIMEOUT', instance: 2 }],
    })
    expect(await heardFromAll(manager)).toEqual(['ok', 'ok', 'offline', 'ok'])
    expect(discord.stats.violations).toEqual([])
  })
})
