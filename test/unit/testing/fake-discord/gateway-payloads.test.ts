import { describe, expect, it } from 'vitest'
import { allIntents, GatewayBench } from './gateway-bench.js'

describe('a payload', () => {
  const undecodable: [what: string, text: string][] = [
    ['no JSON', '{"op":1'],
    ['no object', '[1]'],
    ['no opcode', '{"d":1}'],
    ['an IDENTIFY without properties', '{"op":2,"d":{"token":"x","intents":1}}'],
    ['an IDENTIFY that is a number', '{"op":2,"d":7}'],
    ['a RESUME without seq', '{"op":6,"d":{"token":"x","session_id":"y"}}'],
    ['a presence that is null', '{"op":3,"d":null}'],
    ['a request for members of two guilds', '{"op":8,"d":{"guild_id":["1","2"],"query":""}}'],
    ['a request for members of nobody', '{"op":8,"d":{"guild_id":"1"}}'],
    [
      'a request for members with half a limit',
      '{"op":8,"d":{"guild_id":"1","query":"","limit":0.5}}',
    ],
    ['a request for sounds of no list', '{"op":31,"d":{"guild_ids":"1"}}'],
  ]

  it.each(undecodable)('that is %s ends the connection with 4002', (_what, text) => {
    const bench = new GatewayBench()
    const client = bench.connect()
    client.say(text)
    expect(client.closeCode).toBe(4002)
    expect(bench.reasons).toEqual(['payload-undecodable'])
  })

  it('of more than 4,096 bytes ends the connection with 4002, one of 4,096 does not', () => {
    const bench = new GatewayBench()
    const client = bench.identified(0)
    const envelope = JSON.stringify({ op: 3, d: { status: '' } }).length
    client.send(3, { status: 'x'.repeat(4_096 - envelope) })
    expect(client.closeCode).toBeUndefined()
    // Two bytes in UTF-8: bytes count, not characters.
    client.send(3, { status: `${'x'.repeat(4_096 - envelope - 1)}é` })
    expect(client.closeCode).toBe(4002)
    expect(bench.reasons).toEqual(['payload-too-large'])
  })

  it('with an unknown opcode ends the connection with 4001', () => {
    const bench = new GatewayBench()
    const client = bench.identified(0)
    client.send(5, {})
    expect(client.closeCode).toBe(4001)
    expect(bench.reasons).toEqual(['opcode-unknown'])
  })

  it.each([
    ['presence', 3, { status: 'online' }],
    ['voice state', 4, { guild_id: '1' }],
    ['member request', 8, { guild_id: '1', query: '' }],
    ['sound request', 31, { guild_ids: [] }],
  ])('that is a %s before IDENTIFY ends the connection with 4003', (_what, op, d) => {
    const bench = new GatewayBench()
    const client = bench.connect()
    client.send(op, d)
    expect(client.closeCode).toBe(4003)
    expect(bench.reasons).toEqual(['not-identified'])
  })

  it('after the end of the connection is not looked at', () => {
    const bench = new GatewayBench()
    const client = bench.connect()
    client.send(5, {})
    client.forget()
    client.identify()
    expect(client.sent).toEqual([])
    expect(bench.world.sessions.views(0)).toEqual([])
  })
})

describe('the rate limit', () => {
  it('lets 120 payloads through in 60 s, and no more', () => {
    const bench = new GatewayBench()
    const client = bench.identified(0)
    const speak = () => client.send(3, { status: 'online' })
    // IDENTIFY was the first.
    for (let count = 1; count < 120; count++) speak()
    expect(client.closeCode).toBeUndefined()
    bench.now = 60_000
    for (let count = 0; count < 120; count++) speak()
    expect(client.closeCode).toBeUndefined()
    bench.now = 119_999
    speak()
    expect(client.closeCode).toBe(4008)
    expect(bench.reasons).toEqual(['rate-limited'])
  })

  it('leaves out heartbeats that keep to the interval, and counts those that do not', () => {
    const bench = new GatewayBench()
    const client = bench.identified(0)
    for (let count = 1; count < 120; count++) client.send(3, { status: 'online' })
    client.heartbeat()
    expect(client.closeCode).toBeUndefined()
    client.heartbeat()
    expect(client.closeCode).toBe(4008)
  })
})

describe('heartbeats', () => {
  it('are answered and counted, before IDENTIFY too', () => {
    const bench = new GatewayBench()
    const client = bench.connect()
    client.forget()
    client.heartbeat()
    expect(client.sent).toEqual([{ op: 11, d: null, s: null, t: null }])
    expect(bench.world.tally.stats.heartbeats).toBe(1)
  })

  it('that are missing for two intervals end the connection and its session', () => {
    const bench = new GatewayBench()
    const client = bench.identified(3)
    bench.now = 40_000
    client.heartbeat()
    bench.now = 129_999
    client.take(client.connection.checkHeartbeat(bench.now))
    expect(client.closeCode).toBeUndefined()
    expect(client.connection.silentUntil).toBe(130_000)
    bench.now = 130_000
    client.take(client.connection.checkHeartbeat(bench.now))
    expect(client.closeCode).toBe(4009)
    expect(bench.world.tally.stats.violations).toEqual([
      { reason: 'heartbeats-missing', shard: 3, at: 130_000, detail: 'no heartbeat for 90000 ms' },
    ])
    expect(bench.world.sessions.views(bench.now)).toEqual([])
  })
})

describe('what an identified client asks for', () => {
  it('is its presence, which the session shows', () => {
    const bench = new GatewayBench()
    const client = bench.identified(0)
    client.send(3, { status: 'dnd', activities: [] })
    expect(bench.world.sessions.views(0)).toMatchObject([{ presence: { status: 'dnd' } }])
    expect(bench.world.tally.stats.presenceUpdates).toBe(1)
  })

  it('is a place in a voice channel, which is counted and leads nowhere', () => {
    const bench = new GatewayBench()
    const client = bench.identified(0)
    client.send(4, { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false })
    expect(client.sent).toEqual([])
    expect(bench.world.tally.stats.voiceStateUpdates).toBe(1)
  })

  it('is the members of a guild of its shard', () => {
    const bench = new GatewayBench({ membersPerGuild: 7 })
    const client = bench.identified(2, { intents: allIntents })
    const [guildId = ''] = bench.world.guilds.idsOf(2)
    client.send(8, { guild_id: [guildId], query: '', limit: 0, nonce: 'n', presences: true })
    const [chunk, ...others] = client.events('GUILD_MEMBERS_CHUNK')
    expect(others).toEqual([])
    expect(chunk).toMatchObject({
      s: 2,
      d: {
        guild_id: guildId,
        chunk_index: 0,
        chunk_count: 1,
        nonce: 'n',
        members: { length: 7 },
        presences: { length: 7 },
      },
    })
  })

  it('is never the members of another shard, nor all of them without the intent', () => {
    const bench = new GatewayBench()
    const client = bench.identified(2, { intents: 1 })
    const [own = ''] = bench.world.guilds.idsOf(2)
    const [strange = ''] = bench.world.guilds.idsOf(1)
    client.send(8, { guild_id: own, query: '', limit: 0 })
    client.send(8, { guild_id: strange, query: 'm', limit: 1 })
    client.send(31, { guild_ids: [own, strange] })
    expect(client.sent).toEqual([])
    expect(client.closeCode).toBeUndefined()
    expect(bench.reasons).toEqual(['members-intent-missing', 'guild-elsewhere', 'guild-elsewhere'])
  })

  it('is the sounds of its guilds, of which there are none', () => {
    const bench = new GatewayBench()
    const client = bench.identified(1)
    const guildIds = bench.world.guilds.idsOf(1)
    client.send(31, { guild_ids: guildIds })
    expect(client.events('SOUNDBOARD_SOUNDS').map(({ d }) => d)).toEqual(
      guildIds.map((id) => ({ guild_id: id, soundboard_sounds: [] })),
    )
  })
})
