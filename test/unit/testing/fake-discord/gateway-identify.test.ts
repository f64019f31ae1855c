import { describe, expect, it } from 'vitest'
import { GatewayBench } from './gateway-bench.js'

describe('a connection of the fake gateway', () => {
  it('begins with HELLO', () => {
    const client = new GatewayBench().connect()
    expect(client.sent).toEqual([{ op: 10, d: { heartbeat_interval: 45_000 }, s: null, t: null }])
  })

  it('answers IDENTIFY with READY: session, shard and guilds that are not available yet', () => {
    const bench = new GatewayBench()
    const client = bench.connect()
    client.identify({ shard: [2, 4], presence: { status: 'idle' } })
    const [ready] = client.events('READY')
    expect(ready).toMatchObject({
      op: 0,
      s: 1,
      d: {
        shard: [2, 4],
        session_id: 'session-0',
        resume_gateway_url: 'ws://fake/resume',
        guilds: bench.world.guilds.idsOf(2).map((id) => ({ id, unavailable: true })),
      },
    })
    expect(bench.world.sessions.views(0)).toEqual([
      {
        sessionId: 'session-0',
        shard: 2,
        total: 4,
        intents: 1,
        presence: { status: 'idle' },
        seq: 1,
        connected: true,
      },
    ])
    expect(bench.world.tally.stats).toMatchObject({
      identifies: 1,
      identifiesByShard: { 2: 1 },
      sessionsOpened: 1,
      violations: [],
    })
  })

  it('needs no [shard, total] where there is one shard', () => {
    const bench = new GatewayBench({ totalShards: 1 })
    const client = bench.connect()
    client.identify({ shard: undefined })
    expect(client.events('READY')).toHaveLength(1)
  })
})

describe('an IDENTIFY', () => {
  const all = 4
  const cases: [what: string, data: object, code: number, reason: string][] = [
    ['a wrong token', { token: 'other' }, 4004, 'token-wrong'],
    ['no shard', { shard: undefined }, 4011, 'sharding-required'],
    ['another total', { shard: [0, 5] }, 4010, 'shard-invalid'],
    ['a shard that is not below the total', { shard: [all, all] }, 4010, 'shard-invalid'],
    ['a negative shard', { shard: [-1, all] }, 4010, 'shard-invalid'],
    ['half a shard', { shard: [0.5, all] }, 4010, 'shard-invalid'],
    ['a shard of three numbers', { shard: [0, all, 1] }, 4010, 'shard-invalid'],
    ['no intents', { intents: undefined }, 4013, 'intents-invalid'],
    ['an intent that does not exist', { intents: 1 << 17 }, 4013, 'intents-invalid'],
    ['a negative intent', { intents: -1 }, 4013, 'intents-invalid'],
    ['an intent that the application lacks', { intents: 0x103 }, 4014, 'intents-disallowed'],
  ]

  it.each(cases)('with %s is refused', (_what, data, code, reason) => {
    const bench = new GatewayBench({ token: 'token', disallowedIntents: 0x100 })
    const client = bench.connect()
    client.identify(data)
    expect(client.closeCode).toBe(code)
    expect(bench.reasons).toEqual([reason])
    expect(bench.world.sessions.views(0)).toEqual([])
  })

  it('may carry the token with or without "Bot ", and a violation never shows it', () => {
    const bench = new GatewayBench({ token: 'Bot secret' })
    const [bare, prefixed, wrong] = [bench.connect(), bench.connect(), bench.connect()]
    bare.identify({ token: 'secret', shard: [0, 4] })
    prefixed.identify({ token: 'Bot secret', shard: [1, 4] })
    wrong.identify({ token: 'hunter2', shard: [2, 4] })
    expect(bench.reasons).toEqual(['token-wrong'])
    expect(JSON.stringify(bench.world.tally.stats)).not.toMatch(/secret|hunter2/)
  })

  it('for a shard that has a live session is refused, and the session lives on', () => {
    const bench = new GatewayBench()
    const first = bench.identified(1)
    bench.now = 60_000
    const second = bench.connect()
    second.identify({ shard: [1, 4] })
    expect(second.closeCode).toBe(4010)
    expect(first.closeCode).toBeUndefined()
    expect(bench.world.sessions.views(bench.now)).toMatchObject([
      { shard: 1, sessionId: first.sessionId, connected: true },
    ])
    expect(bench.world.tally.stats.violations).toEqual([
      { reason: 'second-session', shard: 1, at: 60_000, detail: 'shard 1 has a live session' },
    ])
  })

  it('for a shard whose connection is lost ends the session that waited to be resumed', () => {
    const bench = new GatewayBench()
    const first = bench.identified(1)
    first.drop()
    bench.now = 5_000
    const second = bench.identified(1)
    expect(second.sessionId).not.toBe(first.sessionId)
    expect(bench.world.tally.stats).toMatchObject({ sessionsOpened: 2, sessionsClosed: 1 })
    const late = bench.connect()
    late.resume({ session_id: first.sessionId })
    expect(late.invalidations).toEqual([false])
  })

  it('is refused twice on one connection', () => {
    const bench = new GatewayBench()
    const client = bench.identified(0)
    client.identify({ shard: [1, 4] })
    expect(client.closeCode).toBe(4005)
    expect(bench.reasons).toEqual(['already-identified'])
  })
})

describe('the time of an IDENTIFY', () => {
  it('is one per bucket and interval; who comes too early is told so and may try again', () => {
    const bench = new GatewayBench({ totalShards: 4, maxConcurrency: 2 })
    bench.identified(0)
    bench.identified(1)
    const client = bench.connect()
    bench.now = 4_700
    client.identify({ shard: [2, 4] })
    expect(client.invalidations).toEqual([false])
    expect(client.closeCode).toBeUndefined()
    expect(bench.world.tally.stats.violations).toMatchObject([
      { reason: 'identify-too-soon', shard: 2, at: 4_700 },
    ])
    bench.now = 5_000
    client.identify({ shard: [2, 4] })
    expect(client.events('READY')).toHaveLength(1)
  })

  it('is measured from sessions that began, not from what was refused', () => {
    const bench = new GatewayBench({ maxConcurrency: 1 })
    bench.identified(0)
    const client = bench.connect()
    for (bench.now = 1_000; bench.now < 4_000; bench.now += 1_000)
      client.identify({ shard: [1, 4] })
    bench.now = 5_000
    client.identify({ shard: [1, 4] })
    expect(client.events('READY')).toHaveLength(1)
    expect(bench.reasons).toEqual(Array(3).fill('identify-too-soon'))
  })

  it('may be a little early, as the way of two messages takes a different time', () => {
    const bench = new GatewayBench({ maxConcurrency: 1 })
    bench.identified(0)
    bench.now = 4_750
    expect(() => bench.identified(1)).not.toThrow()
  })
})

describe('the limit of session starts', () => {
  it('counts down, refuses at 0 and is full again after its period', () => {
    const bench = new GatewayBench({ startsTotal: 2, startsResetAfterMs: 60_000 })
    bench.identified(0)
    bench.identified(1)
    bench.now = 10_000
    const limit = { total: 2, remaining: 0, resetAfterMs: 50_000 }
    expect(bench.world.starts.limit(bench.now)).toEqual(limit)
    const refused = bench.connect()
    refused.identify({ shard: [2, 4] })
    expect(refused.closeCode).toBe(4004)
    expect(bench.reasons).toEqual(['session-starts-used-up'])
    bench.now = 190_000
    const renewed = { total: 2, remaining: 2, resetAfterMs: 50_000 }
    expect(bench.world.starts.limit(bench.now)).toEqual(renewed)
    expect(() => bench.identified(2)).not.toThrow()
  })
})
