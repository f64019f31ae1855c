/** The real Eris and Oceanic against the fake Discord, each pointed at it in its own way. */
import { once } from 'node:events'
import { Client as Eris } from 'eris'
import { Client as Oceanic } from 'oceanic.js'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeDiscord } from '../../../../src/testing/fake-discord/fake-discord.js'
import { agentTo } from '../../../../src/testing/fake-discord/library-agent.js'
import type { FakeDiscordOptions } from '../../../../src/testing/fake-discord/options.js'

const token = 'Bot a-token'
const open: { discord?: FakeDiscord } = {}

afterEach(() => open.discord?.close())

async function start(options: FakeDiscordOptions = {}): Promise<FakeDiscord> {
  open.discord = await FakeDiscord.start({ maxConcurrency: 16, token, ...options })
  return open.discord
}

function guildIdsOf(discord: FakeDiscord, shards: readonly number[]): Set<string | number> {
  return new Set(shards.flatMap((shard) => discord.guildIdsOf(shard)))
}

describe('Eris', () => {
  it('gets ready, fetches members, resumes and leaves, through an agent', async () => {
    const discord = await start({ totalShards: 4, membersPerGuild: 1_200 })
    const client = new Eris(token, {
      intents: ['guilds', 'guildMembers'],
      maxShards: 4,
      firstShardID: 1,
      lastShardID: 2,
      rest: { agent: agentTo(discord.apiUrl) as never },
    })
    const ready = once(client, 'ready')
    await client.connect()
    await ready
    expect(new Set(client.guilds.keys())).toEqual(guildIdsOf(discord, [1, 2]))

    const members = await client.guilds.get(discord.guildIdsOf(2)[0] ?? '')?.fetchMembers()
    expect(members).toHaveLength(1_200)
    client.editStatus('idle')
    await discord.until(({ stats }) => stats.presenceUpdates === 2)

    const resumed = once(client, 'shardResume')
    discord.requestReconnect(2)
    expect(await resumed).toEqual([2])

    client.disconnect({ reconnect: false })
    await discord.until(({ openConnections }) => openConnections === 0)
    expect(discord.sessions).toEqual([])
    expect(discord.stats).toMatchObject({
      httpRequests: { 'GET /gateway/bot': 1 },
      identifiesByShard: { 1: 1, 2: 1 },
      resumes: 1,
      violations: [],
    })
  })

  it('needs no [shard, total] as the only shard', async () => {
    const discord = await start({ totalShards: 1 })
    const client = new Eris(token, {
      intents: ['guilds'],
      rest: { agent: agentTo(discord.apiUrl) as never },
    })
    const ready = once(client, 'ready')
    await client.connect()
    await ready
    expect(client.guilds.size).toBe(3)
    client.disconnect({ reconnect: false })
    await discord.until(({ openConnections }) => openConnections === 0)
  })
})

describe('Oceanic', () => {
  it('gets ready, fetches members, resumes and leaves, with its base URL', async () => {
    const discord = await start({ totalShards: 4, membersPerGuild: 1_200 })
    const client = new Oceanic({
      auth: token,
      rest: { baseURL: `${discord.apiUrl}/v10` },
      gateway: { intents: ['GUILDS', 'GUILD_MEMBERS'], maxShards: 4, shardIDs: [1, 2] },
    })
    const problems: unknown[] = []
    client.on('error', (problem) => problems.push(problem))
    const ready = once(client, 'ready')
    await client.connect()
    await ready
    expect(new Set(client.guilds.keys())).toEqual(guildIdsOf(discord, [1, 2]))

    const members = await client.guilds.get(discord.guildIdsOf(2)[0] ?? '')?.fetchMembers()
    expect(members).toHaveLength(1_200)
    await client.editStatus('idle')
    await discord.until(({ stats }) => stats.presenceUpdates === 2)

    const resumed = once(client, 'shardResume')
    discord.requestReconnect(2)
    expect(await resumed).toEqual([2])
    expect(problems).toEqual([])

    client.disconnect(false)
    await discord.until(({ openConnections }) => openConnections === 0)
    expect(discord.sessions).toEqual([])
    expect(discord.stats).toMatchObject({
      httpRequests: { 'GET /gateway/bot': 1 },
      identifiesByShard: { 1: 1, 2: 1 },
      resumes: 1,
      violations: [],
    })
  })

  it('finds its application by HTTP', async () => {
    const discord = await start()
    const client = new Oceanic({ auth: token, rest: { baseURL: `${discord.apiUrl}/v10` } })
    const application = await client.rest.applications.getCurrent()
    expect(application).toMatchObject({ name: 'Fake bot', team: null })
    expect(discord.stats.httpRequests).toEqual({ 'GET /applications/@me': 1 })
  })
})
