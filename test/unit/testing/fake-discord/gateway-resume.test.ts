import { describe, expect, it } from 'vitest'
import { eventOf } from '../../../../src/testing/fake-discord/events.js'
import { GatewayBench } from './gateway-bench.js'

function dispatch(bench: GatewayBench, shard: number, data: unknown): void {
  eventOf(bench.world.sessions.of(shard, bench.now), bench.world, 'MESSAGE_CREATE', data)
}

describe('a RESUME', () => {
  it('brings what was missed, in order, and RESUMED at the end', () => {
    const bench = new GatewayBench()
    const lost = bench.identified(1)
    dispatch(bench, 1, 'seen')
    lost.drop(4200)
    dispatch(bench, 1, 'missed')
    dispatch(bench, 1, 'missed too')
    const client = bench.connect()
    client.forget()
    client.resume({ session_id: lost.sessionId, seq: 2 })
    expect(client.sent.map(({ s, t, d }) => [s, t, d])).toEqual([
      [3, 'MESSAGE_CREATE', 'missed'],
      [4, 'MESSAGE_CREATE', 'missed too'],
      [5, 'RESUMED', { _trace: [] }],
    ])
    expect(bench.world.tally.stats).toMatchObject({ resumes: 1, identifies: 1, violations: [] })
    expect(bench.world.sessions.views(0)).toMatchObject([{ connected: true, seq: 5 }])
  })

  it('takes no part in the pacing of IDENTIFYs', () => {
    const bench = new GatewayBench({ maxConcurrency: 1 })
    const lost = bench.identified(0)
    lost.drop()
    const client = bench.connect()
    client.resume({ session_id: lost.sessionId })
    expect(client.events('RESUMED')).toHaveLength(1)
  })

  it('takes the session from a connection that is still open', () => {
    const bench = new GatewayBench()
    const first = bench.identified(1)
    const second = bench.connect()
    second.resume({ session_id: first.sessionId })
    expect(second.displaced).toEqual([first.connection.id])
    first.drop(1000)
    expect(bench.world.sessions.views(0)).toMatchObject([{ shard: 1, connected: true }])
  })

  it('of a session that nobody knows gets op 9, and may go on with IDENTIFY', () => {
    const bench = new GatewayBench()
    const client = bench.connect()
    client.resume({ session_id: 'never' })
    expect(client.invalidations).toEqual([false])
    expect(bench.reasons).toEqual(['session-unknown'])
    client.identify({ shard: [0, 4] })
    expect(client.events('READY')).toHaveLength(1)
  })

  it('with a wrong token ends the connection with 4004', () => {
    const bench = new GatewayBench({ token: 'token' })
    const lost = bench.identified(0)
    lost.drop()
    const client = bench.connect()
    client.resume({ session_id: lost.sessionId, token: 'other' })
    expect(client.closeCode).toBe(4004)
    expect(bench.world.sessions.views(0)).toHaveLength(1)
  })

  it('with a seq that was not reached ends the connection with 4007', () => {
    const bench = new GatewayBench()
    const lost = bench.identified(0)
    lost.drop()
    const client = bench.connect()
    client.resume({ session_id: lost.sessionId, seq: 2 })
    expect(client.closeCode).toBe(4007)
    expect(bench.reasons).toEqual(['seq-invalid'])
  })

  it('that asks for more events than are kept gets op 9', () => {
    const bench = new GatewayBench()
    const lost = bench.identified(0)
    lost.drop()
    for (let count = 0; count < 501; count++) dispatch(bench, 0, count)
    const late = bench.connect()
    late.resume({ session_id: lost.sessionId, seq: 1 })
    expect(late.invalidations).toEqual([false])
    expect(bench.reasons).toEqual(['replay-lost'])
    const inTime = bench.connect()
    inTime.resume({ session_id: lost.sessionId, seq: 2 })
    expect(inTime.events('MESSAGE_CREATE')).toHaveLength(500)
  })

  it('that asks for more bytes than are kept gets op 9', () => {
    const bench = new GatewayBench()
    const lost = bench.identified(0)
    lost.drop()
    for (let count = 0; count < 5; count++) dispatch(bench, 0, 'x'.repeat(4_000_000))
    const late = bench.connect()
    late.resume({ session_id: lost.sessionId, seq: 1 })
    expect(late.invalidations).toEqual([false])
    const inTime = bench.connect()
    inTime.resume({ session_id: lost.sessionId, seq: 2 })
    expect(inTime.events('MESSAGE_CREATE')).toHaveLength(4)
  })

  it('brings events as they were when they happened', () => {
    const bench = new GatewayBench()
    const lost = bench.identified(0)
    lost.drop()
    const data = { content: 'before' }
    dispatch(bench, 0, data)
    data.content = 'after'
    const client = bench.connect()
    client.resume({ session_id: lost.sessionId })
    expect(client.events('MESSAGE_CREATE')).toMatchObject([{ d: { content: 'before' } }])
  })

  it('is possible for three minutes', () => {
    const bench = new GatewayBench()
    const [one, other] = [bench.identified(0), bench.identified(1)]
    one.drop()
    other.drop()
    bench.now = 180_000
    const inTime = bench.connect()
    inTime.resume({ session_id: one.sessionId })
    expect(inTime.events('RESUMED')).toHaveLength(1)
    bench.now = 180_001
    const late = bench.connect()
    late.resume({ session_id: other.sessionId })
    expect(late.invalidations).toEqual([false])
    expect(bench.world.sessions.views(bench.now)).toHaveLength(1)
  })

  it('on a connection that has a session ends it with 4005', () => {
    const bench = new GatewayBench()
    const client = bench.identified(0)
    client.resume()
    expect(client.closeCode).toBe(4005)
  })
})

describe('the end of a connection', () => {
  it.each([1000, 1001, 4004, 4007, 4009, 4010, 4014])('with %i ends the session', (code) => {
    const bench = new GatewayBench()
    bench.identified(0).drop(code)
    expect(bench.world.sessions.views(0)).toEqual([])
    expect(bench.world.tally.stats.sessionsClosed).toBe(1)
  })

  it.each([1005, 1006, 4000, 4002, 4008, 4200, 4901])('with %i leaves the session', (code) => {
    const bench = new GatewayBench()
    bench.identified(0).drop(code)
    expect(bench.world.sessions.views(0)).toMatchObject([{ connected: false }])
  })
})

describe('an invalidated session', () => {
  it('is over when it cannot be resumed, and the connection may IDENTIFY again', () => {
    const bench = new GatewayBench()
    const client = bench.identified(0)
    client.take(client.connection.invalidate(false, bench.now))
    expect(client.invalidations).toEqual([false])
    expect(bench.world.sessions.views(0)).toEqual([])
    bench.now = 5_000
    client.identify({ shard: [0, 4] })
    expect(client.events('READY')).toHaveLength(1)
  })

  it('can be resumed on the same connection when op 9 said so', () => {
    const bench = new GatewayBench()
    const client = bench.identified(0)
    client.take(client.connection.invalidate(true, bench.now))
    client.resume()
    expect(client.invalidations).toEqual([true])
    expect(client.events('RESUMED')).toHaveLength(1)
  })
})
