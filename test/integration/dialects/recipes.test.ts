/** The bots of docs/guide/recipes.md, byte for byte, on the real libraries and two machines. */
import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { EvalContext, ShardingManager } from '../../../dist/index.js'
import { FakeDiscord } from '../../../dist/testing/index.js'
import { codeBlocks } from '../../support/guide-blocks.js'
import { ManagerProcess, packageRoot } from '../../support/manager-process.js'
import { pointOf, Testbed } from '../../support/testbed.js'

const folder = join(packageRoot, 'examples/recipes')
const discordIsFake = pathToFileURL(join(packageRoot, 'test/fixtures/discord-is-fake.js')).href
const token = 'a-token-of-the-tests'

const startDiscord = (totalShards: number) =>
  FakeDiscord.start({ totalShards, guildsPerShard: 3, maxConcurrency: 16, token })

/** What a recipe finds in its environment. */
const envFor = ({ apiUrl }: FakeDiscord) => ({ DISCORD_TOKEN: token, FAKE_DISCORD: apiUrl })

/** Instance 0, a process, serves shards 0 and 2; instance 1, a worker, 1 and 3: no ranges. */
async function startOnTwoMachines(bed: Testbed, discord: FakeDiscord, name: string) {
  const execArgv = ['--import', discordIsFake]
  const env = envFor(discord)
  const options = {
    file: join(folder, name),
    processes: { env, forkOptions: { execArgv } },
    workers: { env, spawnOptions: { execArgv } },
  }
  const [first, second] = await Promise.all([bed.child({}, options), bed.child({}, options)])
  const points = [
    pointOf(first, { mode: 'processes', shards: [0, 2], shardsPerInstance: 2 }),
    pointOf(second, { mode: 'workers', shards: [1, 3], shardsPerInstance: 2 }),
  ]
  const parent = bed.make({ machines: { me: 'parent', points } })
  await parent.start()
  return parent
}

/** discord.js keeps its guilds one step further away than the others. */
const sizeOf = ({ client: { guilds } }: EvalContext) => (guilds.cache ?? guilds).size
const hasGuild = ({ bot, client: { guilds }, id }: EvalContext) => ({
  instance: bot.id,
  has: (guilds.cache ?? guilds).has(id),
})

describe.each(['discordjs-ws.js', 'eris.js', 'oceanic.js', 'discordjs.js'])('%s', (name) => {
  let bed: Testbed
  let discord: FakeDiscord
  let parent: ShardingManager

  beforeAll(async () => {
    bed = new Testbed()
    discord = await startDiscord(4)
    parent = await startOnTwoMachines(bed, discord, name)
  })
  afterAll(async () => {
    await bed.close()
    await discord.close()
  })

  it('identifies each of its shards once', () => {
    expect(discord.stats).toMatchObject({
      identifiesByShard: { 0: 1, 1: 1, 2: 1, 3: 1 },
      violations: [],
    })
  })

  it('knows its guilds as soon as it is ready', async () => {
    expect(await parent.eval(sizeOf)).toEqual([6, 6])
  })

  it('gets the sum over both machines from either of them', async () => {
    const sums = await parent.eval(async ({ bot }: EvalContext) => {
      const counts: number[] = await bot.eval(
        ({ client: { guilds } }: EvalContext) => (guilds.cache ?? guilds).size,
      )
      return counts.reduce((sum, count) => sum + count, 0)
    })
    expect(sums).toEqual([12, 12])
  })

  it.each([0, 1, 2, 3])(
    'is asked about a guild of shard %i where that shard runs',
    async (shard) => {
      const [id = ''] = discord.guildIdsOf(shard)
      const answers = await parent.eval(hasGuild, { to: { guild: id }, context: { id } })
      expect(answers).toEqual([{ instance: shard % 2, has: true }])
    },
  )

  if (name === 'discordjs.js') {
    it('is asked by name, from either machine', async () => {
      const [id = ''] = discord.guildIdsOf(3)
      const answers = await parent.eval(
        ({ bot, id: guild }: EvalContext) =>
          Promise.all([bot.request('guilds'), bot.request('guildName', guild, { to: { guild } })]),
        { context: { id } },
      )
      const [guildName] = await parent.request('guildName', id, { to: 1 })
      expect(guildName).toMatch(/./)
      const answer = [[6, 6], [guildName]]
      expect(answers).toEqual([answer, answer])
    })
  }

  it('notices that it was removed from a guild', async () => {
    const [id] = discord.guildIdsOf(3)
    discord.dispatch(3, 'GUILD_DELETE', { id })
    await expect.poll(() => parent.eval(sizeOf), { timeout: 10_000 }).toEqual([6, 5])
  })

  it('ends its sessions when it is stopped', async () => {
    await parent.stop()
    await discord.until(({ openConnections }) => openConnections === 0)
    // A session whose connection was only lost would still wait for a resume.
    expect(discord.sessions).toEqual([])
    expect(discord.stats).toMatchObject({ sessionsOpened: 4, resumes: 0, violations: [] })
  })
})

describe('a file that is started by itself', () => {
  let discord: FakeDiscord
  let running: ManagerProcess

  async function start(name: string, totalShards: number): Promise<void> {
    discord = await startDiscord(totalShards)
    const child = spawn(process.execPath, ['--import', discordIsFake, join(folder, name)], {
      env: { ...process.env, ...envFor(discord) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running = new ManagerProcess(child)
  }
  afterEach(async () => {
    await running.kill('SIGKILL')
    await discord.close()
  })

  it('manager.js starts a bot, asks it, and stops it at SIGINT', async () => {
    await start('manager.js', 4)
    await running.waitFor(/^12 guilds$/m)
    expect(await running.kill('SIGINT')).toBe(0)
    await discord.until(({ openConnections }) => openConnections === 0)
    expect(discord.sessions).toEqual([])
  })

  it.each(['discordjs-ws.js', 'eris.js', 'oceanic.js'])(
    '%s serves the only shard, and does not print a token that Discord refuses',
    async (name) => {
      await start(name, 1)
      await discord.until(({ sessions }) => sessions.length === 1)
      discord.disconnect(0, 4004)
      await running.exited
      expect(running.output).toMatch(/Authentication failed/)
      expect(running.output).not.toContain(token)
    },
  )
})

describe('docs/guide/recipes.md', () => {
  it('shows these files as they are, and nothing else', async () => {
    const names = await readdir(folder)
    const files = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
    const shown = await codeBlocks(join(packageRoot, 'docs/guide/recipes.md'), 'js')
    expect(shown.toSorted()).toEqual(files.toSorted())
  })
})
