import { describe, expect, it } from 'vitest'
import { redialDelayMs } from '../../../../../src/instances/dialects/discordoo/bot-line.js'
import { discordooEnv } from '../../../../../src/instances/dialects/discordoo/discordoo-env.js'
import { readSnowflake } from '../../../../../src/instances/snowflake.js'
import { limits } from '../../../../../src/limits.js'
import { spec, World } from './world.js'

describe('discordooEnv', () => {
  it('gives the three variables that discordoo looks for, and no others', () => {
    expect(discordooEnv(spec)).toEqual({
      SHARDING_MANAGER_IPC: '1000',
      SHARDING_INSTANCE_IPC: '2000',
      SHARDING_INSTANCE: '1',
    })
  })
})

describe('redialDelayMs', () => {
  it('is short at first and grows with the wait', () => {
    expect([0, 400, 1_000, 4_000, 10_000, 1e9].map(redialDelayMs)).toEqual([
      25, 25, 50, 200, 500, 500,
    ])
  })
})

describe('handshake with a discordoo bot', () => {
  it('looks for the socket until it is there and says HELLO at once', async () => {
    const world = new World()
    world.bot.isListening = false
    await world.system.advance(700)
    expect(world.bot.path).toBe('/tmp/ddoo2000')
    expect(world.bot.dials).toBeGreaterThan(15)
    world.bot.isListening = true
    await world.system.advance(2 * limits.botRedialMsMin)
    const [hello, ...others] = world.bot.packets
    expect(others).toEqual([])
    expect(hello).toEqual({
      op: 2,
      t: undefined,
      d: {
        id: '1000',
        event_id: expect.stringMatching(/^\d+$/),
        heartbeat_interval: 5_000,
        shards: [2, 3],
        total_shards: 8,
      },
    })
    expect(readSnowflake(String(hello?.d.event_id)).shard).toBe(1_111_111_111)
    expect(world.log).toEqual([])
  })

  it('is cheap for a bot that never opens a socket, and ends with close()', async () => {
    const world = new World()
    world.bot.isListening = false
    await world.system.advance(60_000)
    const { dials } = world.bot
    await world.system.advance(60_000)
    expect(world.bot.dials - dials).toBe(60_000 / limits.botRedialMsMax)
    world.dialect.close()
    world.dialect.close()
    expect(world.system.pendingTimers).toBe(0)
    expect(world.bot.isClosed).toBe(true)
  })

  it('recognises the bot by IDENTIFY and takes CONNECTED for ready, both once', async () => {
    const world = new World()
    world.identify()
    await world.system.advance(0)
    expect(world.log).toEqual(['recognised'])
    world.bot.say({ op: 1, d: { id: '2000', event_id: 'x' } })
    world.bot.say({ op: 0, t: 'CONNECTED', d: { event_id: '2000' } })
    world.bot.say({ op: 0, t: 'CONNECTED', d: { event_id: '2000' } })
    await world.system.advance(0)
    expect(world.log).toEqual(['recognised', 'ready'])
  })

  it('believes neither a wrong id nor CONNECTED before IDENTIFY', async () => {
    const world = new World()
    await world.system.advance(0)
    for (const id of ['1000', '3000', 2000, undefined]) {
      world.bot.say({ op: 1, d: { id, event_id: 'x' } })
      world.bot.say({ op: 6, d: { id } })
      world.bot.say({ op: 4, d: { event_id: id, error: {} } })
    }
    world.bot.say({ op: 0, t: 'CONNECTED', d: { event_id: '2000' } })
    await world.system.advance(0)
    expect(world.log).toEqual([])
  })

  it('repeats HELLO until the bot has answered', async () => {
    const world = new World()
    await world.system.advance(3 * limits.botHelloEveryMs)
    expect(world.bot.packets.map(({ op }) => op)).toEqual([2, 2, 2, 2])
    expect(new Set(world.bot.packets.map(({ d }) => d.event_id)).size).toBe(4)
    world.identify()
    await world.system.advance(10 * limits.botHelloEveryMs)
    expect(world.bot.packets).toHaveLength(5)
    expect(world.log).toEqual(['recognised'])
  })

  it('reports the error of a bot that cannot connect, without what its members might hold', async () => {
    const world = new World()
    world.identify()
    await world.system.advance(0)
    const error = {
      name: 'RestError',
      message: '401',
      stack: 'RestError: 401\n at bot',
      request: { headers: { authorization: 'Bot secret' } },
    }
    world.bot.say({ op: 4, d: { event_id: '2000', error } })
    world.bot.say({ op: 4, d: { event_id: '2000', error } })
    await world.system.advance(0)
    expect(world.log).toHaveLength(2)
    const { failed } = Object(world.log[1])
    expect(failed).toMatchObject({
      code: 'DM_INSTANCE_START_FAILED',
      message: 'the bot could not connect to Discord: RestError: 401',
      instance: 1,
      cause: { name: 'RestError', message: '401', stack: 'RestError: 401\n at bot' },
    })
    expect(failed.cause).toBeInstanceOf(Error)
    expect(JSON.stringify(failed.cause)).not.toContain('secret')
  })

  it.each([
    ['INVALID_SESSION', { op: 6, d: { id: '2000' } }],
    ['ERROR', { op: 4, d: { event_id: '2000', error: 'a text' } }],
    ['ERROR of nothing', { op: 4, d: { event_id: '2000' } }],
  ])('takes %s before IDENTIFY for a failed start of a discordoo bot', async (_, packet) => {
    const world = new World()
    await world.system.advance(0)
    world.bot.say(packet)
    await world.system.advance(0)
    const failed = expect.objectContaining({ code: 'DM_INSTANCE_START_FAILED' })
    expect(world.log).toEqual(['recognised', { failed }])
  })

  it('only warns of an error after the bot was ready', async () => {
    const world = await new World().start()
    world.bot.say({ op: 4, d: { event_id: '2000', error: { message: 'again' } } })
    await world.system.advance(0)
    expect(world.log).toEqual(['recognised', 'ready'])
    expect(world.warnings).toMatchObject([{ code: 'DM_INSTANCE_START_FAILED' }])
  })

  it('says HELLO again on a new connection, and is recognised and ready only once', async () => {
    const world = await new World().start()
    world.bot.drop()
    await world.system.advance(2 * limits.botRedialMsMin)
    expect(world.bot.packets.map(({ op }) => op)).toEqual([2])
    expect(world.log).toEqual(['recognised', 'ready'])
    expect(world.bot.isConnected).toBe(true)
  })

  it('sends nothing but HELLO on a new connection before it was answered', async () => {
    const world = await new World().start()
    world.bot.onPacket = () => {}
    world.bot.drop()
    await world.system.advance(0)
    expect(world.dialect.message('kept', { instance: undefined, machine: undefined })).toBe(true)
    expect(world.dialect.stop()).toBe(false)
    await world.system.advance(2 * limits.botRedialMsMin)
    expect(world.bot.packets.map(({ op }) => op)).toEqual([2])
    world.identify()
    await world.system.advance(limits.botHelloEveryMs)
    expect(world.bot.packets.at(-1)?.d.message).toBe('kept')
  })
})

describe('the end of a discordoo bot', () => {
  it('is asked for with DESTROYING where the bot is connected', async () => {
    const early = new World()
    expect(early.dialect.stop()).toBe(false)
    const world = await new World().start()
    expect(world.dialect.stop()).toBe(true)
    await world.system.advance(0)
    expect(world.bot.packets).toEqual([
      { op: 0, t: 'DESTROYING', d: { event_id: expect.any(String) } },
    ])
    world.bot.say(world.bot.packets[0])
    await world.system.advance(0)
    expect(world.warnings).toEqual([])
    world.dialect.close()
    expect(world.dialect.stop()).toBe(false)
  })

  it('fails every request that waits, and leaves no timer', async () => {
    const world = await new World().start()
    const message = { op: 'eval', script: '(() => 1)' }
    const calls = [
      world.answer({ kind: 'dialect', message, runsCode: true }, 5_000),
      world.answer({ kind: 'dialect', message, runsCode: true }, 6_000),
    ]
    const ended = Promise.allSettled(calls)
    world.dialect.close()
    const offline = { status: 'rejected', reason: { code: 'DM_OFFLINE' } }
    expect(await ended).toMatchObject([offline, offline])
    const late = world.answer({ kind: 'dialect', message, runsCode: true }, 5_000)
    await expect(late).rejects.toMatchObject({ code: 'DM_OFFLINE' })
    expect(world.dialect.message('x', { instance: undefined, machine: undefined })).toBe(false)
    expect(world.system.pendingTimers).toBe(0)
  })
})
