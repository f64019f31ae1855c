/** The real discord.js 14 against the fake Discord. */
import { once } from 'node:events'
import { ActivityType, Client, Events, GatewayIntentBits } from 'discord.js'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeDiscord } from '../../../../src/testing/fake-discord/fake-discord.js'
import type { FakeDiscordOptions } from '../../../../src/testing/fake-discord/options.js'

const token = 'a-token'
const intents = [
  GatewayIntentBits.Guilds,
  GatewayIntentBits.GuildMembers,
  GatewayIntentBits.GuildMessages,
  GatewayIntentBits.MessageContent,
]

const open: { discord?: FakeDiscord; clients: Client[] } = { clients: [] }

afterEach(async () => {
  for (const client of open.clients.splice(0)) await client.destroy()
  await open.discord?.close()
})

async function start(options: FakeDiscordOptions = {}): Promise<FakeDiscord> {
  open.discord = await FakeDiscord.start({ maxConcurrency: 16, token, ...options })
  return open.discord
}

async function login(discord: FakeDiscord, shards: number[], shardCount: number): Promise<Client> {
  const client = new Client({ intents, shards, shardCount, rest: { api: discord.apiUrl } })
  open.clients.push(client)
  const ready = once(client, Events.ClientReady)
  await client.login(token)
  await ready
  return client
}

describe('discord.js', () => {
  it('gets ready with the guilds of its shards, and leaves nothing behind', async () => {
    const discord = await start({ totalShards: 4, guildsPerShard: 3, membersPerGuild: 6 })
    const client = await login(discord, [1, 2], 4)
    expect([...client.guilds.cache.keys()].toSorted()).toEqual(
      [...discord.guildIdsOf(1), ...discord.guildIdsOf(2)].toSorted(),
    )
    expect(client.guilds.cache.every((guild) => guild.available)).toBe(true)
    expect(client.guilds.cache.reduce((sum, guild) => sum + guild.memberCount, 0)).toBe(36)
    const shardsOfGuilds = client.guilds.cache.map(({ id, shardId }) => [
      Number((BigInt(id) >> 22n) % 4n),
      shardId,
    ])
    expect(shardsOfGuilds.every(([computed, told]) => computed === told)).toBe(true)
    expect(
      discord.sessions.map(({ shard, total, connected }) => [shard, total, connected]),
    ).toEqual([
      [1, 4, true],
      [2, 4, true],
    ])
    await client.destroy()
    await discord.until(() => discord.openConnections === 0)
    expect(discord.sessions).toEqual([])
    expect(discord.stats).toMatchObject({
      httpRequests: { 'GET /gateway/bot': 1 },
      identifiesByShard: { 1: 1, 2: 1 },
      sessionsOpened: 2,
      sessionsClosed: 2,
      violations: [],
    })
  })

  it('resumes after a lost connection, with what it missed', async () => {
    const discord = await start({ totalShards: 2 })
    const client = await login(discord, [0, 1], 2)
    const resumed = once(client, Events.ShardResume)
    const message = once(client, Events.MessageCreate)
    discord.disconnect(1)
    discord.dispatch(1, 'MESSAGE_CREATE', messageIn(discord.guildIdsOf(1)[0] ?? ''))
    expect((await message)[0]).toMatchObject({ content: 'hello' })
    expect((await resumed)[0]).toBe(1)
    expect(discord.stats).toMatchObject({ resumes: 1, identifies: 2, violations: [] })
  })

  it('reconnects and resumes when it is asked to', async () => {
    const discord = await start({ totalShards: 1 })
    const client = await login(discord, [0], 1)
    const resumed = once(client, Events.ShardResume)
    discord.requestReconnect(0)
    await resumed
    expect(discord.stats).toMatchObject({ resumes: 1, identifies: 1, violations: [] })
  })

  it('identifies again, and in time, when its session is invalid', async () => {
    const discord = await start({ totalShards: 1 })
    const client = await login(discord, [0], 1)
    const before = discord.sessions[0]?.sessionId
    const ready = once(client, Events.ShardReady)
    discord.invalidateSession(0, false)
    await ready
    expect(discord.sessions).toHaveLength(1)
    expect(discord.sessions[0]?.sessionId).not.toBe(before)
    expect(discord.stats).toMatchObject({ identifies: 2, sessionsClosed: 1, violations: [] })
  })

  it('fetches all members of a guild, in chunks', async () => {
    const discord = await start({ totalShards: 1, guildsPerShard: 1, membersPerGuild: 2_500 })
    const client = await login(discord, [0], 1)
    const guild = client.guilds.cache.first()
    expect(guild?.members.cache.size).toBe(1)
    const members = await guild?.members.fetch()
    expect(members?.size).toBe(2_500)
    const found = await guild?.members.fetch({ query: 'member-24', limit: 3 })
    expect(found?.map(({ user }) => user.username)).toEqual([
      'member-24',
      'member-240',
      'member-241',
    ])
    expect(discord.stats).toMatchObject({ memberRequests: 2, violations: [] })
  })

  it('updates its presence', async () => {
    const discord = await start({ totalShards: 1 })
    const client = await login(discord, [0], 1)
    client.user?.setActivity('chess', { type: ActivityType.Playing })
    await discord.until(({ stats }) => stats.presenceUpdates === 1)
    expect(discord.sessions[0]?.presence).toMatchObject({ activities: [{ name: 'chess' }] })
  })

  it('is refused a shard that another client serves', async () => {
    const discord = await start({ totalShards: 1, identifyIntervalMs: 0 })
    await login(discord, [0], 1)
    const second = new Client({
      intents,
      shards: [0],
      shardCount: 1,
      rest: { api: discord.apiUrl },
    })
    open.clients.push(second)
    const disconnected = once(second, Events.ShardDisconnect)
    await expect(second.login(token)).rejects.toThrow('Invalid shard')
    expect((await disconnected)[0]).toMatchObject({ code: 4010 })
    expect(discord.stats.violations).toMatchObject([{ reason: 'second-session', shard: 0 }])
    expect(discord.sessions).toHaveLength(1)
  })

  it('is refused with a wrong token', async () => {
    const discord = await start({ totalShards: 1 })
    const client = new Client({ intents, rest: { api: discord.apiUrl } })
    open.clients.push(client)
    await expect(client.login('another')).rejects.toThrow('invalid token')
    expect(discord.stats.refusals).toEqual({ 'http-unauthorized': 1 })
  })
})

function messageIn(guildId: string): object {
  return {
    id: `${BigInt(guildId) + 100n}`,
    channel_id: `${BigInt(guildId) + 16n}`,
    guild_id: guildId,
    content: 'hello',
    author: {
      id: `${BigInt(guildId) + 1_025n}`,
      username: 'member-1',
      discriminator: '0',
      avatar: null,
    },
    timestamp: '2024-01-01T00:00:00.000000+00:00',
    edited_timestamp: null,
    tts: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    attachments: [],
    embeds: [],
    pinned: false,
    type: 0,
  }
}
