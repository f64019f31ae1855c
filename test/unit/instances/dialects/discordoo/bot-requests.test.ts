/** What a discordoo bot asks of its manager, packet by packet. */
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../../src/errors.js'
import { limits } from '../../../../../src/limits.js'
import type { Outcome } from '../../../../../src/routing/outcome.js'
import { deferred } from '../../../../support/deferred.js'
import { ok, timedOut, World } from './world.js'

const event_id = '77'

/** A packet of the bot with this event. */
function dispatch(t: string): (fields: object) => object {
  return (fields) => ({ op: 0, t, d: { event_id, ...fields } })
}

const evalOf = dispatch('BROADCAST_EVAL')
const messageOf = dispatch('MESSAGE')
const presenceOf = dispatch('PRESENCE_UPDATE')
const membersOf = dispatch('GUILD_MEMBERS_REQUEST')

function cacheOf(fields: object): object {
  const where = { keyspace: 'guilds', storage: 'global', entity_key: 'Guild' }
  return { op: 3, d: { event_id, ...where, ...fields } }
}

/** An instance's part in the answer to a cache operation. */
function success(instance: number, result: unknown): Outcome {
  return ok(instance, { ok: true, value: { success: true, result } })
}

describe('BROADCAST_EVAL of a bot', () => {
  it('asks the instances and answers with one result each, in the order of the ids', async () => {
    const world = await new World().start()
    world.respond = async () => [0, 1, 3].map((id) => ok(id, { ok: true, value: `r${id}` }))
    const script = '((c) => c.n)'
    const answers = await world.ask(evalOf({ script, shards: [3, 0, 1], context: { n: 1 } }))
    expect(answers).toEqual([
      { op: 0, t: 'BROADCAST_EVAL', d: { event_id, result: ['r3', 'r0', 'r1'] } },
    ])
    expect(world.asked).toEqual([
      {
        target: { instance: [3, 0, 1] },
        message: { dialect: 'discordoo', op: 'eval', script, context: { n: 1 } },
        runsCode: true,
        timeoutMs: 59_000,
      },
    ])
  })

  it('waits no longer than the manager does for any call', async () => {
    const world = await new World().start()
    world.callTimeoutMs = 8_000
    await world.ask(evalOf({ script: 's', shards: [0] }))
    expect(world.asked).toMatchObject([{ timeoutMs: 8_000 }])
  })

  it('skips ids that no instance has, and answers with [] when none is left', async () => {
    const world = await new World().start()
    world.respond = async () => [ok(2, { ok: true, value: 2 })]
    const [answer] = await world.ask(evalOf({ script: 's', shards: [4, 99, 2, 2, -1, 'x', null] }))
    expect(answer?.d.result).toEqual([2])
    expect(world.asked[0]?.target).toEqual({ instance: [2] })
    const [none] = await world.ask(evalOf({ script: 's', shards: [4, 5, 6] }))
    expect(none).toEqual({ op: 0, t: 'BROADCAST_EVAL', d: { event_id, result: [] } })
    expect(world.asked).toHaveLength(1)
  })

  it('leaves a hole for undefined, as JSON has it', async () => {
    const world = await new World().start()
    world.respond = async () => [ok(0, { ok: true }), ok(1, { ok: true, value: 0 })]
    const [answer] = await world.ask(evalOf({ script: 's', shards: [0, 1] }))
    expect(answer?.d.result).toEqual([null, 0])
  })

  it('runs no code of a bot in a manager', async () => {
    const world = await new World().start()
    const [answer] = await world.ask(evalOf({ script: 's', shards: [0, 1_111_111_111] }))
    expect(answer).toMatchObject({
      op: 4,
      t: 'BROADCAST_EVAL',
      d: { event_id, result: { name: 'MachinesError', code: 'DM_EVAL_REFUSED' } },
    })
    expect(world.asked).toEqual([])
  })

  it.each([
    ['an error', { name: 'RangeError', message: 'no', stack: 's', extra: [1] }],
    ['a text', 'thrown text'],
    ['an object', { any: 'thing' }],
  ])(
    'passes %s on as the other bot sent it, the first in the order of the ids',
    async (_, error) => {
      const world = await new World().start()
      world.respond = async () => [
        ok(0, { ok: false, error: 'of 0' }),
        ok(1, { ok: true, value: 1 }),
        ok(2, { ok: false, error }),
      ]
      const [answer] = await world.ask(evalOf({ script: 's', shards: [1, 2, 0] }))
      expect(answer).toEqual({ op: 4, t: 'BROADCAST_EVAL', d: { event_id, result: error } })
    },
  )

  it('has no result for a thrown undefined', async () => {
    const world = await new World().start()
    world.respond = async () => [ok(0, { ok: false })]
    const [answer] = await world.ask(evalOf({ script: 's', shards: [0] }))
    expect(answer).toEqual({ op: 4, t: 'BROADCAST_EVAL', d: { event_id } })
  })

  it('says who did not answer, and who answered nonsense', async () => {
    const world = await new World().start()
    world.respond = async () => [ok(0, { ok: true }), timedOut(3)]
    const [late] = await world.ask(evalOf({ script: 's', shards: [0, 3] }))
    expect(late).toMatchObject({
      op: 4,
      d: {
        result: {
          message: 'instance 3 on m did not answer in time: too late',
          code: 'DM_TIMEOUT',
          instance: 3,
          machine: 'm',
        },
      },
    })
    for (const odd of [undefined, 'x', [], { ok: 'yes' }]) {
      world.respond = async () => [ok(0, odd)]
      const [answer] = await world.ask(evalOf({ script: 's', shards: [0] }))
      expect(answer).toMatchObject({ op: 4, d: { result: { code: 'DM_BODY_INVALID' } } })
    }
  })

  it('answers a refused call, and a request without script or shards', async () => {
    const world = await new World().start()
    world.respond = async () => {
      throw new MachinesError('DM_PENDING_LIMIT', 'too many')
    }
    const [refused] = await world.ask(evalOf({ script: 's', shards: [0] }))
    expect(refused).toMatchObject({ op: 4, d: { event_id, result: { code: 'DM_PENDING_LIMIT' } } })
    for (const fields of [
      {},
      { script: 1, shards: [0] },
      { script: 's' },
      { script: 's', shards: 0 },
    ]) {
      const [answer] = await world.ask(evalOf(fields))
      expect(answer).toMatchObject({ op: 4, d: { event_id, result: { code: 'DM_BODY_INVALID' } } })
    }
  })

  it('answers with an error where the results together are too large for a bot', async () => {
    const world = await new World().start()
    const value = 'x'.repeat(40 * 1024 * 1024)
    world.respond = async () => [0, 1].map((id) => ok(id, { ok: true, value }))
    const [answer] = await world.ask(evalOf({ script: 's', shards: [0, 1] }))
    expect(answer).toMatchObject({ op: 4, d: { event_id, result: { code: 'DM_BODY_TOO_LARGE' } } })
  })

  it('answers nobody when the bot is gone before the results are there', async () => {
    const world = await new World().start()
    const outcomes = deferred<Outcome[]>()
    world.respond = () => outcomes.promise
    await world.ask(evalOf({ script: 's', shards: [0] }))
    world.dialect.close()
    outcomes.resolve([ok(0, { ok: true })])
    await world.system.advance(0)
    expect(world.bot.packets).toEqual([])
    expect(world.warnings).toEqual([])
  })
})

describe('MESSAGE of a bot', () => {
  it('goes to the listed instances that exist, unchanged, the sender too when it is listed', async () => {
    const world = await new World().start()
    await world.ask(messageOf({ message: 'hi', shards: [1, 0, 9], from: 1 }))
    expect(world.told).toEqual([
      {
        target: { instance: [1, 0] },
        message: {
          dialect: 'discordoo',
          op: 'message',
          event_id,
          message: 'hi',
          shards: [1, 0, 9],
          from: 1,
        },
      },
    ])
  })

  it('goes to the manager where the manager is listed', async () => {
    const world = await new World().start()
    await world.ask(messageOf({ message: 'to all', shards: [1_111_111_111, 2], from: 1 }))
    await world.ask(messageOf({ message: 'to you', shards: [1_111_111_111], from: 1 }))
    expect(world.told.map(({ target }) => target)).toEqual([
      'the message event',
      { instance: [2] },
      'the message event',
    ])
  })

  it('names the real sender, whatever the bot says', async () => {
    const world = await new World().start()
    await world.ask(messageOf({ message: 'hi', shards: [0], from: 3 }))
    expect(world.told).toMatchObject([{ message: { from: 1 } }])
  })

  it('reports what could not be sent', async () => {
    const world = await new World().start()
    world.tellError = new MachinesError('DM_BODY_TOO_LARGE', 'large')
    expect(await world.ask(messageOf({ message: 'hi', shards: [0] }))).toEqual([])
    expect(world.warnings).toEqual([world.tellError])
  })

  it('is ignored without message, list or event id', async () => {
    const world = await new World().start()
    for (const fields of [
      { shards: [0] },
      { message: 'x' },
      { message: 'x', shards: 'all' },
      { message: 'x', shards: [0], event_id: 7 },
      { message: 'x', shards: [] },
    ]) {
      expect(await world.ask(messageOf(fields))).toEqual([])
    }
    expect(world.told).toEqual([])
  })
})

describe('PRESENCE_UPDATE of a bot', () => {
  it('goes to those who serve the shards', async () => {
    const world = await new World().start()
    const presence = { status: 'idle' }
    expect(await world.ask(presenceOf({ presence, shards: [0, 7, 8] }))).toEqual([])
    expect(world.told).toEqual([
      {
        target: { shard: [0, 7] },
        message: { dialect: 'discordoo', op: 'presence', shards: [0, 7], presence },
      },
    ])
  })

  it('names no shard that was left to nobody', async () => {
    const world = await new World().start()
    world.gaps = [4, 5]
    await world.ask(presenceOf({ presence: {}, shards: [0, 4, 5, 6] }))
    await world.ask(presenceOf({ presence: {}, shards: [4] }))
    expect(world.told).toMatchObject([{ target: { shard: [0, 6] }, message: { shards: [0, 6] } }])
  })

  it('is ignored without a presence or a shard that exists', async () => {
    const world = await new World().start()
    for (const fields of [
      {},
      { shards: [0] },
      { presence: null, shards: [0] },
      { presence: {}, shards: [8] },
    ]) {
      await world.ask(presenceOf(fields))
    }
    expect(world.told).toEqual([])
  })
})

describe('GUILD_MEMBERS_REQUEST of a bot', () => {
  const fields = {
    shard_id: 5,
    guild_id: '100',
    limit: 0,
    query: '',
    presences: false,
    nonce: 'n',
  }

  it('asks who serves the shard and passes the answer back under the id of the request', async () => {
    const world = await new World().start()
    const value = { shard_id: 5, members: [{ id: '1' }], event_id: 'of the other side' }
    world.respond = async () => [ok(2, { ok: true, value })]
    const [answer] = await world.ask(membersOf({ ...fields, user_ids: ['1'], other: 1 }))
    expect(answer).toEqual({
      op: 0,
      t: 'GUILD_MEMBERS_REQUEST',
      d: { event_id, shard_id: 5, members: [{ id: '1' }] },
    })
    expect(world.asked).toEqual([
      {
        target: { shard: 5 },
        message: { dialect: 'discordoo', op: 'members', request: { ...fields, user_ids: ['1'] } },
        runsCode: false,
        timeoutMs: 99_000,
      },
    ])
  })

  it.each([
    ['a shard that does not exist', { ...fields, shard_id: 8 }, 'DM_TARGET_UNKNOWN'],
    ['a shard below zero', { ...fields, shard_id: -1 }, 'DM_TARGET_UNKNOWN'],
    ['no limit', { ...fields, limit: undefined }, 'DM_BODY_INVALID'],
    ['a query of null', { ...fields, query: null }, 'DM_BODY_INVALID'],
    ['a number for a nonce', { ...fields, nonce: 1 }, 'DM_BODY_INVALID'],
    ['odd user ids', { ...fields, user_ids: [1] }, 'DM_BODY_INVALID'],
    ['nothing at all', {}, 'DM_BODY_INVALID'],
  ])('is answered with an error at once for %s', async (_, d, code) => {
    const world = await new World().start()
    const [answer] = await world.ask(membersOf(d))
    expect(answer).toMatchObject({
      op: 4,
      t: 'GUILD_MEMBERS_REQUEST',
      d: { event_id, result: { code } },
    })
    expect(world.asked).toEqual([])
  })

  it('is answered with an error where the other instance gives none, or nobody serves it', async () => {
    const world = await new World().start()
    world.respond = async () => [timedOut(2)]
    const [late] = await world.ask(membersOf(fields))
    expect(late).toMatchObject({ op: 4, d: { event_id, result: { code: 'DM_TIMEOUT' } } })
    world.respond = async () => []
    const [nobody] = await world.ask(membersOf(fields))
    expect(nobody).toMatchObject({ op: 4, d: { event_id, result: { code: 'DM_TARGET_UNKNOWN' } } })
  })
})

describe('CACHE_OPERATE of a bot', () => {
  it('asks those who serve the shards, each once, and adds up', async () => {
    const world = await new World().start()
    world.respond = async () => [success(0, 4), success(1, 5)]
    const [answer] = await world.ask(cacheOf({ op: 4, serialize: 2, shards: [0, 1, 2, 3, 99] }))
    expect(answer).toEqual({ op: 3, t: undefined, d: { event_id, success: true, result: 9 } })
    expect(world.asked).toEqual([
      {
        target: { shard: [0, 1, 2, 3] },
        message: {
          dialect: 'discordoo',
          op: 'cache',
          request: {
            op: 4,
            keyspace: 'guilds',
            storage: 'global',
            entity_key: 'Guild',
            serialize: 2,
          },
        },
        runsCode: false,
        timeoutMs: 59_000,
      },
    ])
  })

  it.each([3, 6, 7, 8, 9, 11, 12])('says that operation %i runs code', async (op) => {
    const world = await new World().start()
    await world.ask(cacheOf({ op, shards: [0], script: '(() => 1)', scripts: ['(() => 1)'] }))
    expect(world.asked).toMatchObject([{ runsCode: true }])
  })

  it.each([0, 1, 2, 4, 5, 10, 13, 14, 15])('says that operation %i runs none', async (op) => {
    const world = await new World().start()
    await world.ask(cacheOf({ op, shards: [0], key: 'k' }))
    expect(world.asked).toMatchObject([{ runsCode: false }])
  })

  it('asks for no shard that was left to nobody, so that all means all there are', async () => {
    const world = await new World().start()
    world.gaps = [0, 4, 5]
    world.respond = async () => [success(1, 2)]
    const shards = [0, 1, 2, 3, 4, 5, 6, 7]
    const [answer] = await world.ask(cacheOf({ op: 4, serialize: 2, shards }))
    expect(answer?.d).toEqual({ event_id, success: true, result: 2 })
    expect(world.asked).toMatchObject([{ target: { shard: [1, 2, 3, 6, 7] } }])
  })

  it('is answered without `t`, whatever the bot sent there', async () => {
    const world = await new World().start()
    const t = '\u20ac'.repeat(limits.channelFrameBytesMax / 3)
    const [answer] = await world.ask({ op: 3, t, d: { event_id } })
    expect(answer).toMatchObject({ op: 4, d: { event_id, result: { code: 'DM_BODY_INVALID' } } })
    expect(answer?.t).toBeUndefined()
  })

  it('answers for no shards without asking anybody', async () => {
    const world = await new World().start()
    const [answer] = await world.ask(cacheOf({ op: 4, serialize: 2, shards: [8, 9] }))
    expect(answer?.d).toEqual({ event_id, success: false, result: 0 })
    expect(world.asked).toEqual([])
  })

  it('fails rather than giving a sum without the share of an instance', async () => {
    const world = await new World().start()
    world.respond = async () => [success(0, 4), timedOut(1)]
    const [answer] = await world.ask(cacheOf({ op: 4, serialize: 2, shards: [0, 2] }))
    expect(answer).toMatchObject({
      op: 4,
      d: { event_id, result: { code: 'DM_TIMEOUT', instance: 1 } },
    })
  })

  it('needs nobody else where the answer is found', async () => {
    const world = await new World().start()
    world.respond = async () => [timedOut(0), success(1, { id: '5' })]
    const [found] = await world.ask(cacheOf({ op: 0, key: '5', serialize: 3, shards: [0, 2] }))
    expect(found?.d).toEqual({ event_id, success: true, result: { id: '5' } })
    world.respond = async () => [timedOut(0), success(1, true)]
    const [has] = await world.ask(cacheOf({ op: 5, key: '5', serialize: 0, shards: [0, 2] }))
    expect(has?.d).toEqual({ event_id, success: true, result: true })
    world.respond = async () => [timedOut(0), success(1, false)]
    const [unsure] = await world.ask(cacheOf({ op: 5, key: '5', serialize: 0, shards: [0, 2] }))
    expect(unsure?.op).toBe(4)
  })

  it('drops what failed in an instance, as discordoo does', async () => {
    const world = await new World().start()
    world.respond = async () => [ok(0, { ok: true, value: { success: false } }), success(1, 5)]
    const [answer] = await world.ask(cacheOf({ op: 4, serialize: 2, shards: [0, 2] }))
    expect(answer?.d).toEqual({ event_id, success: true, result: 5 })
  })

  it.each([
    ['an unknown operation', { op: 16 }],
    ['no operation', {}],
    ['half an operation', { op: 1.5 }],
    ['no keyspace', { op: 4, keyspace: undefined }],
    ['an odd storage', { op: 4, storage: 3 }],
    ['Map without script', { op: 8 }],
    ['Counts without scripts', { op: 12, scripts: 'x' }],
    ['Counts with odd scripts', { op: 12, scripts: [1] }],
  ])('is answered with an error for %s', async (_, d) => {
    const world = await new World().start()
    const [answer] = await world.ask(cacheOf({ shards: [0], ...d }))
    expect(answer).toMatchObject({ op: 4, d: { event_id, result: { code: 'DM_BODY_INVALID' } } })
    expect(world.asked).toEqual([])
  })
})

describe('REST_LIMITS_SYNC and EMERGENCY of a bot', () => {
  it('go to the manager of all', async () => {
    const world = await new World().start()
    await world.ask({ op: 0, t: 'REST_LIMITS_SYNC', d: { success: false } })
    await world.ask({ op: 5, d: { op: 3, block_until: 123 } })
    expect(world.told).toEqual([
      { target: 'manager', message: { dialect: 'discordoo', op: 'rest-sync', success: false } },
      {
        target: 'manager',
        message: { dialect: 'discordoo', op: 'emergency', kind: 3, blockUntil: 123 },
      },
    ])
  })

  it('are ignored with odd values', async () => {
    const world = await new World().start()
    await world.ask({ op: 0, t: 'REST_LIMITS_SYNC', d: { success: 1 } })
    await world.ask({ op: 5, d: { op: 3, block_until: null } })
    await world.ask({ op: 5, d: { op: '3', block_until: 5 } })
    expect(world.told).toEqual([])
  })
})

describe('requests before the handshake', () => {
  it('are ignored', async () => {
    const world = new World()
    await world.system.advance(0)
    await world.ask({ op: 0, t: 'BROADCAST_EVAL', d: { event_id, script: 's', shards: [0] } })
    await world.ask({ op: 0, t: 'MESSAGE', d: { event_id, message: 'm', shards: [0] } })
    expect(world.asked).toEqual([])
    expect(world.told).toEqual([])
  })
})
