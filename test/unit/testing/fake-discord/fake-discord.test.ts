/** The fake Discord over real sockets, with clients that write by hand. */
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import { createInflate } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { fakeDiscordBounds } from '../../../../src/testing/fake-discord/bounds.js'
import { FakeDiscord } from '../../../../src/testing/fake-discord/fake-discord.js'
import { agentTo } from '../../../../src/testing/fake-discord/library-agent.js'
import type { FakeDiscordOptions } from '../../../../src/testing/fake-discord/options.js'
import { VirtualSystem } from '../../../../src/testing/virtual-system.js'
import { RawClient } from './raw-client.js'

const open: { discord?: FakeDiscord } = {}

afterEach(() => open.discord?.close())

async function start(options: FakeDiscordOptions = {}): Promise<FakeDiscord> {
  open.discord = await FakeDiscord.start({ maxConcurrency: 16, ...options })
  return open.discord
}

describe('the fake Discord', () => {
  it('greets, lets in, sends every guild, and keeps count', async () => {
    const discord = await start({ totalShards: 2, guildsPerShard: 2 })
    const client = await RawClient.connect(discord)
    expect(await client.next()).toMatchObject({ op: 10, d: { heartbeat_interval: 45_000 } })
    client.identify([1, 2])
    expect(await client.next()).toMatchObject({ t: 'READY', s: 1, d: { shard: [1, 2] } })
    const guilds = [await client.next(), await client.next()]
    expect(guilds).toMatchObject([
      { t: 'GUILD_CREATE', s: 2, d: { id: discord.guildIdsOf(1)[0] } },
      { t: 'GUILD_CREATE', s: 3, d: { id: discord.guildIdsOf(1)[1] } },
    ])
    client.send({ op: 1, d: 3 })
    expect(await client.next()).toMatchObject({ op: 11 })
    expect(discord.openConnections).toBe(1)
    expect(discord.stats).toMatchObject({
      connections: 1,
      identifies: 1,
      heartbeats: 1,
      dispatches: 3,
      refusals: {},
      violations: [],
    })
  })

  it('sends no guilds without the GUILDS intent', async () => {
    const discord = await start()
    const client = await RawClient.identified(discord, [0, 1], 0)
    discord.dispatch(0, 'TYPING_START', { user_id: '1' })
    expect(await client.next()).toMatchObject({ t: 'TYPING_START', s: 2, d: { user_id: '1' } })
  })

  it('spreads guilds over time, and what falls into a lost connection comes with the resume', async () => {
    const system = new VirtualSystem()
    const discord = await start({ system, guildsPerShard: 3, guildDelayMs: 100 })
    const client = await RawClient.identified(discord, [0, 1], 1)
    await system.advance(100)
    expect(await client.next()).toMatchObject({ t: 'GUILD_CREATE', s: 2 })
    client.socket.terminate()
    await discord.until(({ sessions }) => sessions[0]?.connected === false)
    await system.advance(1_000)
    expect(discord.sessions).toMatchObject([{ seq: 4, connected: false }])
    const again = await RawClient.connect(discord)
    again.send({ op: 6, d: { token: 't', session_id: discord.sessions[0]?.sessionId, seq: 2 } })
    const missed = [await again.next(), await again.next(), await again.next(), await again.next()]
    expect(missed.map(({ op, t, s }) => [op, t, s])).toEqual([
      [10, null, null],
      [0, 'GUILD_CREATE', 3],
      [0, 'GUILD_CREATE', 4],
      [0, 'RESUMED', 5],
    ])
  })

  it('ends a connection that sends no heartbeats for two intervals', async () => {
    const system = new VirtualSystem()
    const discord = await start({ system, heartbeatIntervalMs: 1_000 })
    const client = await RawClient.identified(discord, [0, 1], 0)
    await system.advance(1_500)
    client.send({ op: 1, d: null })
    await discord.until(({ stats }) => stats.heartbeats === 1)
    await system.advance(1_999)
    expect(discord.openConnections).toBe(1)
    await system.advance(1)
    expect(await client.closed).toBe(4009)
    expect(discord.sessions).toEqual([])
    expect(discord.stats.violations).toMatchObject([{ reason: 'heartbeats-missing', at: 3_500 }])
    await discord.until(({ openConnections }) => openConnections === 0)
    expect(system.pendingTimers).toBe(0)
  })

  it('closes the connection that a resume takes the session from', async () => {
    const discord = await start()
    const first = await RawClient.identified(discord, [0, 1], 0)
    const second = await RawClient.connect(discord)
    second.send({ op: 6, d: { token: 't', session_id: discord.sessions[0]?.sessionId, seq: 1 } })
    expect(await first.closed).toBe(4000)
    expect(discord.sessions).toMatchObject([{ shard: 0, connected: true }])
  })

  it.each([
    ['?v=10&encoding=etf', 'encoding-unsupported'],
    ['?v=10&compress=zstd-stream', 'encoding-unsupported'],
    ['?v=6&encoding=json', 'version-invalid'],
    ['', 'version-invalid'],
  ])('refuses a connection with "%s"', async (query, reason) => {
    const discord = await start()
    const client = await RawClient.connect(discord, query)
    expect(await client.closed).toBe(4012)
    expect(discord.stats.refusals).toEqual({ [reason]: 1 })
  })

  it('speaks zlib-stream to who asks for it', async () => {
    const discord = await start()
    const socket = new WebSocket(`${discord.gatewayUrl}/?v=10&encoding=json&compress=zlib-stream`)
    const [message] = await once(socket, 'message')
    const inflate = createInflate()
    inflate.write(message)
    const [hello] = await once(inflate, 'data')
    expect(JSON.parse(String(hello))).toMatchObject({ op: 10 })
    inflate.close()
    socket.terminate()
  })

  it('ends a connection that sends too much, with the code of Discord up to 64 KiB', async () => {
    const discord = await start()
    const [large, huge] = [await RawClient.connect(discord), await RawClient.connect(discord)]
    large.socket.send('x'.repeat(5_000))
    expect(await large.closed).toBe(4002)
    huge.socket.send('x'.repeat(70_000))
    expect(await huge.closed).toBe(1009)
    expect(discord.stats.refusals).toEqual({ 'payload-too-large': 2 })
  })

  it('cuts a client that does not read', async () => {
    const discord = await start()
    const client = await RawClient.identified(discord, [0, 1], 0)
    client.socket.pause()
    const { backlogBytesMax } = fakeDiscordBounds
    const content = 'x'.repeat(4 * 1024 * 1024)
    // What the kernel takes comes on top, and is much less than the bound again.
    for (let sent = 0; sent < 2 * backlogBytesMax; sent += content.length) {
      discord.dispatch(0, 'MESSAGE_CREATE', { content })
    }
    expect(discord.stats.refusals).toEqual({ 'client-not-reading': 1 })
    await discord.until(({ openConnections }) => openConnections === 0)
    client.socket.terminate()
  })

  it('opens no more connections than it was told to', async () => {
    const discord = await start({ connectionsMax: 1 })
    const first = await RawClient.connect(discord)
    await expect(RawClient.connect(discord)).rejects.toThrow('503')
    first.socket.terminate()
    await discord.until(({ openConnections }) => openConnections === 0)
    await RawClient.connect(discord)
    expect(discord.stats).toMatchObject({
      connections: 2,
      refusals: { 'connections-too-many': 1 },
    })
  })

  it('says that a shard without a session cannot be reached', async () => {
    const discord = await start({ totalShards: 2 })
    const calls = [
      () => discord.dispatch(1, 'TYPING_START', {}),
      () => discord.disconnect(1),
      () => discord.invalidateSession(1, true),
      () => discord.requestReconnect(1),
      () => discord.guildIdsOf(2),
    ]
    for (const call of calls) {
      expect(call).toThrow(expect.objectContaining({ code: 'DM_TARGET_UNKNOWN' }))
    }
  })

  it('says so at once when an event is no JSON', async () => {
    const discord = await start()
    await RawClient.identified(discord, [0, 1], 0)
    expect(() => discord.dispatch(0, 'TYPING_START', { at: 1n })).toThrow(TypeError)
    expect(discord.sessions).toMatchObject([{ seq: 1, connected: true }])
  })

  it('cuts a connection without a close frame when it is told to', async () => {
    const discord = await start()
    const client = await RawClient.identified(discord, [0, 1], 0)
    discord.disconnect(0, 1006)
    expect(await client.closed).toBe(1006)
    expect(discord.sessions).toMatchObject([{ connected: false }])
  })

  it.each([999, 1004, 1005, 1015, 2000, 5000, 4000.5])('does not close with %d', async (code) => {
    const discord = await start()
    await RawClient.identified(discord, [0, 1], 0)
    const refused = expect.objectContaining({ code: 'DM_OPTION_VALUE' })
    expect(() => discord.disconnect(0, code)).toThrow(refused)
    expect(discord.sessions).toMatchObject([{ connected: true }])
  })

  it('says why it cannot listen', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    await expect(FakeDiscord.start({ port })).rejects.toMatchObject({ code: 'DM_LISTEN_FAILED' })
    taken.close()
  })

  it('lets go of everything when it is closed, however often', async () => {
    const system = new VirtualSystem()
    const discord = await start({ system, guildDelayMs: 100 })
    const client = await RawClient.identified(discord, [0, 1], 1)
    const waiting = discord.until(() => false)
    const closings = [discord.close(), discord.close()]
    await expect(waiting).rejects.toMatchObject({ code: 'DM_STOPPED' })
    await Promise.all(closings)
    expect(await client.closed).toBe(1006)
    expect(discord.sessions).toEqual([])
    expect(system.pendingTimers).toBe(0)
    await expect(fetch(`${discord.apiUrl}/v10/gateway`)).rejects.toThrow('fetch failed')
  })
})

describe('an agent for libraries', () => {
  it('leads to the fake Discord, whatever host was asked for', async () => {
    const discord = await start()
    const agent = agentTo(discord.apiUrl)
    const request = get({
      protocol: 'https:',
      host: 'discord.com',
      path: '/api/v10/gateway',
      agent,
    })
    const [response] = await once(request, 'response')
    expect(JSON.parse((await response.toArray()).join(''))).toEqual({ url: discord.gatewayUrl })
  })

  it('needs a URL', () => {
    expect(() => agentTo('nowhere')).toThrow(TypeError)
  })
})
