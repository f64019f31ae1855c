/** What the network asks of a discordoo bot and tells it, packet by packet. */
import { describe, expect, it } from 'vitest'
import type { Packet } from '../../../../../src/instances/dialects/discordoo/packets.js'
import { limits } from '../../../../../src/limits.js'
import { World } from './world.js'

const bigInt = (digits: string) => `_________ddoo_________n${digits}`
const nobody = { instance: undefined, machine: undefined }

/** A bot that answers requests with what `answer` makes of their packets. */
async function botThat(answer: (packet: Packet) => Partial<Packet>): Promise<World> {
  const world: World = new World()
  const sent: Packet[] = []
  await world.start((packet) => {
    sent.push(packet)
    const { d, ...others } = answer(packet)
    const { op, t } = packet
    world.bot.say({ op, t, ...others, d: { event_id: packet.d.event_id, ...d } })
  })
  world.bot.packets.length = 0
  return world
}

const evaluated = (form: 'function' | 'body', source: string, context: object = {}) =>
  ({ kind: 'eval', script: { form, source }, context }) as const

/** A request of another bot's dialect, answered in the name of this one. */
function ask(world: World, op: string, request: unknown): Promise<unknown> {
  return world.answer({ kind: 'dialect', message: { op, request }, runsCode: true }, 1_000)
}

async function toldTo(message: Record<string, unknown>): Promise<Packet[]> {
  const world = await new World().start()
  world.dialect.told({ dialect: 'discordoo', ...message })
  await world.system.advance(0)
  return world.bot.packets
}

describe('manager.eval on a discordoo bot', () => {
  it('sends functions and bodies as discordoo writes them', async () => {
    const world = await botThat(() => ({ d: { result: 5 } }))
    expect(await world.answer(evaluated('function', '() => 5', { a: 1 }), 1_000)).toBe(5)
    expect(await world.answer(evaluated('body', 'return 5 // done'), 1_000)).toBe(5)
    expect(world.bot.packets).toEqual([
      {
        op: 0,
        t: 'BROADCAST_EVAL',
        d: { event_id: expect.any(String), script: '(() => 5)', context: { a: 1 } },
      },
      {
        op: 0,
        t: 'BROADCAST_EVAL',
        d: {
          event_id: expect.any(String),
          script: '(async (context) => { return 5 // done\n})',
          context: {},
        },
      },
    ])
  })

  it('passes BigInts both ways', async () => {
    const result = { ids: [bigInt('9'), bigInt('-8')], odd: [bigInt(''), bigInt('1n'), 'x'] }
    const world = await botThat(() => ({ d: { result } }))
    const value = await world.answer(evaluated('function', 'f', { id: 7n, in: [1n] }), 1_000)
    expect(world.bot.packets[0]?.d.context).toEqual({ id: bigInt('7'), in: [bigInt('1')] })
    expect(value).toEqual({ ids: [9n, -8n], odd: [bigInt(''), bigInt('1n'), 'x'] })
  })

  it('gives undefined where the bot sent no result', async () => {
    const world = await botThat(() => ({ d: {} }))
    expect(await world.answer(evaluated('function', 'f'), 1_000)).toBeUndefined()
  })

  it('throws what the bot threw as an Error with its name, message, stack and members', async () => {
    const result = {
      name: 'RangeError',
      message: 'no',
      stack: 'RangeError: no\n at bot',
      code: 'E',
      cause: { name: 'TypeError', message: 'below' },
    }
    const world = await botThat(() => ({ op: 4, d: { result } }))
    const call = world.answer(evaluated('function', 'f'), 1_000)
    const error = Object(await call.catch((thrown: unknown) => thrown))
    expect(error).toMatchObject({ code: 'DM_REMOTE', message: 'the eval threw RangeError: no' })
    expect(error.cause).toBeInstanceOf(Error)
    expect(error.cause).toMatchObject({ ...result, cause: { name: 'TypeError', message: 'below' } })
    expect(Object.keys(error.cause)).toEqual(['code'])
  })

  it.each([
    ['a text', 'just text', 'just text'],
    ['a list', [1, [2, [3, [4]]]], '[ 1, [ 2, [ 3, [Array] ] ] ]'],
    ['undefined', undefined, 'undefined'],
  ])('throws a NonError for %s', async (_, result, message) => {
    const world = await botThat(() => ({ op: 4, d: { result } }))
    const call = world.answer(evaluated('function', 'f'), 1_000)
    await expect(call).rejects.toMatchObject({
      code: 'DM_REMOTE',
      cause: { name: 'NonError', message },
    })
  })

  it('refuses a context that JSON cannot say, and a result nested too deep', async () => {
    let deep: unknown = 1
    for (let level = 0; level < 300; level += 1) deep = [deep]
    const world = await botThat(() => ({ d: { result: deep } }))
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    const unsupported = { code: 'DM_BODY_UNSUPPORTED' }
    await expect(world.answer(evaluated('function', 'f', cycle), 9)).rejects.toMatchObject(
      unsupported,
    )
    await expect(world.answer(evaluated('function', 'f'), 9)).rejects.toMatchObject(unsupported)
  })
})

describe('an eval of another bot', () => {
  const request = {
    kind: 'dialect',
    runsCode: true,
    message: { op: 'eval', script: '(f)', context: { a: 1 } },
  } as const

  it('is handed over with its context, and the result comes back as it is', async () => {
    const world = await botThat(() => ({ d: { result: [bigInt('5')] } }))
    expect(await world.answer(request, 1_000)).toEqual({ ok: true, value: [bigInt('5')] })
    expect(world.bot.packets[0]).toEqual({
      op: 0,
      t: 'BROADCAST_EVAL',
      d: { event_id: expect.any(String), script: '(f)', context: { a: 1 } },
    })
  })

  it('fails as data, in the words of the bot', async () => {
    const world = await botThat(() => ({ op: 4, d: { result: { name: 'X', message: 'y' } } }))
    expect(await world.answer(request, 1_000)).toEqual({
      ok: false,
      error: { name: 'X', message: 'y' },
    })
  })

  it('is refused without a script, and unknown words are refused as well', async () => {
    const world = await botThat(() => ({}))
    for (const message of [{ op: 'eval' }, { op: 'eval', script: 5 }, { op: 'nonsense' }, {}]) {
      const answer = world.answer({ kind: 'dialect', message, runsCode: true }, 1_000)
      await expect(answer).rejects.toMatchObject({ code: 'DM_BODY_INVALID' })
    }
    expect(world.bot.packets).toEqual([])
  })

  it('ends by its deadline when the bot is silent, and a late answer harms nobody', async () => {
    const world = await new World().start()
    const answer = world.answer(request, 1_000)
    const ended = expect(answer).rejects.toMatchObject({ code: 'DM_TIMEOUT' })
    await world.system.advance(1_100)
    await ended
    const { event_id } = world.bot.packets[0]?.d ?? {}
    expect(
      await world.ask({ op: 0, t: 'BROADCAST_EVAL', d: { event_id, result: 1 } }),
    ).toHaveLength(1)
    await world.system.advance(100)
    expect(world.system.pendingTimers).toBe(0)
  })

  it('fails at once when the answer is too large to be taken', async () => {
    const world = await new World().start()
    const answer = world.answer(request, 60_000)
    const ended = expect(answer).rejects.toMatchObject({ code: 'DM_BODY_TOO_LARGE' })
    await world.system.advance(0)
    const event_id = world.bot.packets[0]?.d.event_id
    const result = 'x'.repeat(limits.channelFrameBytesMax)
    world.bot.say({ op: 0, t: 'BROADCAST_EVAL', d: { event_id, result } })
    await ended
    expect(world.warnings).toMatchObject([{ code: 'DM_BODY_TOO_LARGE' }])
  })
})

describe('a cache operation of another bot', () => {
  const where = { keyspace: 'guilds', storage: 'global' }

  it('reaches the bot with the fields it knows', async () => {
    const world = await botThat(() => ({ d: { success: true, result: 3 } }))
    const request = { ...where, op: 4, serialize: 2, odd: 'not this' }
    expect(await ask(world, 'cache', request)).toEqual({
      ok: true,
      value: { success: true, result: 3 },
    })
    expect(world.bot.packets).toEqual([
      {
        op: 3,
        t: undefined,
        d: { ...where, op: 4, serialize: 2, shards: [2, 3], event_id: expect.any(String) },
      },
    ])
  })

  it.each([
    [13, '((value, key) => key)'],
    [14, '((value) => value)'],
    [15, '((value, key) => [key, value])'],
  ])('asks for operation %i through Map, since the bot would crash', async (op, script) => {
    const world = await botThat(() => ({ d: { success: true, result: [1] } }))
    const request = { ...where, op, entity_key: 'Guild', serialize: 1, script: 'evil()' }
    expect(await ask(world, 'cache', request)).toEqual({
      ok: true,
      value: { success: true, result: [1] },
    })
    const sent = { op: 8, script, entity_key: 'Guild', serialize: 1 }
    expect(world.bot.packets[0]?.d).toMatchObject(sent)
  })

  it('asks for Count through Counts, since the bot would answer nothing', async () => {
    const world = await botThat(() => ({ d: { success: true, result: [6] } }))
    const request = { ...where, op: 11, entity_key: 'Guild', serialize: 2, script: '(f)' }
    expect(await ask(world, 'cache', request)).toEqual({
      ok: true,
      value: { success: true, result: 6 },
    })
    expect(world.bot.packets[0]?.d).toMatchObject({ op: 12, scripts: ['(f)'], serialize: 4 })
    expect(world.bot.packets[0]?.d).not.toHaveProperty('script')
  })

  it('does not pass on the dump that Set answers with', async () => {
    const world = await botThat(() => ({ d: { success: true, result: { whole: 'cache' } } }))
    const request = { ...where, op: 1, key: 'k', value: { a: 1 }, policy: {}, serialize: 0 }
    expect(await ask(world, 'cache', request)).toEqual({
      ok: true,
      value: { success: true, result: true },
    })
  })

  it('tells success from failure', async () => {
    const failing = await botThat(() => ({
      d: { success: false, result: { name: 'DiscordooError' } },
    }))
    expect(await ask(failing, 'cache', { ...where, op: 4 })).toEqual({
      ok: true,
      value: { success: false },
    })
    const erring = await botThat(() => ({ op: 4, d: { result: 'why' } }))
    expect(await ask(erring, 'cache', { ...where, op: 4 })).toEqual({ ok: false, error: 'why' })
  })

  it('never lets through what crashes a bot', async () => {
    const world = await botThat(() => ({}))
    for (const request of [
      undefined,
      [],
      {},
      { ...where, op: 16 },
      { ...where, op: -1 },
      { ...where, op: '4' },
      { ...where, op: 12 },
      { ...where, op: 12, scripts: [null] },
      { ...where, op: 8 },
    ]) {
      await expect(ask(world, 'cache', request)).rejects.toMatchObject({ code: 'DM_BODY_INVALID' })
    }
    expect(world.bot.packets).toEqual([])
  })
})

describe('a members request of another bot', () => {
  const request = { shard_id: 3, guild_id: '1', limit: 5 }

  it('reaches the bot, and its answer comes back', async () => {
    const world = await botThat(() => ({ d: { shard_id: 3, members: [1] } }))
    expect(await ask(world, 'members', request)).toMatchObject({
      ok: true,
      value: { shard_id: 3, members: [1] },
    })
    expect(world.bot.packets).toEqual([
      { op: 0, t: 'GUILD_MEMBERS_REQUEST', d: { ...request, event_id: expect.any(String) } },
    ])
  })

  it('never lets through what crashes a bot, nor a shard of another', async () => {
    const world = await botThat(() => ({}))
    for (const odd of [undefined, {}, { ...request, limit: '5' }, { ...request, shard_id: 4 }]) {
      await expect(ask(world, 'members', odd)).rejects.toMatchObject({ code: 'DM_BODY_INVALID' })
    }
    expect(world.bot.packets).toEqual([])
  })
})

describe('what a discordoo bot is told', () => {
  it('a message of another bot comes unchanged', async () => {
    const d = { event_id: '5', message: 'hi', shards: [0, 1], from: 3 }
    expect(await toldTo({ op: 'message', ...d })).toEqual([{ op: 0, t: 'MESSAGE', d }])
  })

  it('a presence comes for its own shards only, and with activities', async () => {
    const presence = { status: 'idle', since: null }
    expect(await toldTo({ op: 'presence', shards: [1, 2, 3, 4], presence })).toEqual([
      {
        op: 0,
        t: 'PRESENCE_UPDATE',
        d: {
          event_id: expect.any(String),
          shards: [2, 3],
          presence: { ...presence, activities: [] },
        },
      },
    ])
    const given = { activities: [{ name: 'x', type: 0 }] }
    const [packet] = await toldTo({ op: 'presence', shards: [3], presence: given })
    expect(packet?.d.presence).toEqual(given)
    expect(await toldTo({ op: 'presence', shards: [0], presence })).toEqual([])
  })

  it('an emergency comes under the names of the wire', async () => {
    expect(await toldTo({ op: 'emergency', kind: 2, blockUntil: 99 })).toEqual([
      { op: 5, t: undefined, d: { op: 2, block_until: 99 } },
    ])
  })

  it('what makes no sense does not come at all', async () => {
    for (const message of [
      {},
      { op: 'other' },
      { op: 'message' },
      { op: 'message', event_id: '5', message: 'x', from: 'me' },
      { op: 'message', message: 'x', from: 1 },
      { op: 'presence', shards: [2] },
      { op: 'presence', shards: [2], presence: [] },
      { op: 'emergency', kind: 2 },
      { op: 'emergency', kind: 2, blockUntil: 'soon' },
    ]) {
      expect(await toldTo(message)).toEqual([])
    }
  })
})

describe('manager.send to a discordoo bot', () => {
  it('comes from 1111111111, or from the instance that sent it', async () => {
    const world = await new World().start()
    expect(world.dialect.message('hello', nobody)).toBe(true)
    expect(world.dialect.message('hello', { instance: 3, machine: 'm' })).toBe(true)
    await world.system.advance(0)
    const event_id = expect.any(String)
    expect(world.bot.packets).toEqual([
      { op: 0, t: 'MESSAGE', d: { event_id, message: 'hello', from: 1_111_111_111 } },
      { op: 0, t: 'MESSAGE', d: { event_id, message: 'hello', from: 3 } },
    ])
  })

  it('arrives as JSON when it is no text, and not at all when JSON has no word for it', async () => {
    const world = await new World().start()
    expect(world.dialect.message({ a: [1] }, nobody)).toBe(true)
    expect(world.dialect.message(undefined, nobody)).toBe(false)
    expect(world.dialect.message(5n, nobody)).toBe(false)
    await world.system.advance(0)
    expect(world.bot.packets.map(({ d }) => d.message)).toEqual(['{"a":[1]}'])
  })
})

describe('a bot that does not read', () => {
  const large = 'x'.repeat(1024 * 1024)

  it('gets one window, and the rest in order once it has answered HELLO', async () => {
    const world = await new World().start()
    const { onPacket } = world.bot
    world.bot.onPacket = () => {}
    for (let n = 0; n < 1_000; n += 1) {
      expect(world.dialect.message(`${n} ${large.slice(0, 2_000)}`, nobody)).toBe(true)
    }
    await world.system.advance(60_000)
    expect(world.bot.received.length).toBeLessThan(limits.botWindowBytes + 10_000)
    const hello = world.bot.packets.find(({ op }) => op === 2)
    world.bot.onPacket = onPacket
    world.bot.say({ op: 1, d: { id: '2000', event_id: hello?.d.event_id } })
    await world.system.advance(0)
    const numbers = world.bot.packets
      .filter(({ t }) => t === 'MESSAGE')
      .map(({ d }) => Number.parseInt(String(d.message), 10))
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
  })

  it('is not asked any more what nobody waits for, once it reads again', async () => {
    const world = await new World().start()
    const { onPacket } = world.bot
    world.bot.onPacket = () => {}
    world.dialect.message(large, nobody)
    const evaluate = (script: string, timeoutMs: number) =>
      world.answer({ kind: 'dialect', message: { op: 'eval', script }, runsCode: true }, timeoutMs)
    const late = expect(evaluate('late', 1_000)).rejects.toMatchObject({ code: 'DM_TIMEOUT' })
    const patient = expect(evaluate('patient', 60_000)).resolves.toEqual({ ok: true, value: 1 })
    await world.system.advance(2_000)
    await late
    world.bot.onPacket = (packet) => {
      onPacket(packet)
      if (packet.d.script !== undefined) world.bot.say({ ...packet, d: { ...packet.d, result: 1 } })
    }
    const hello = world.bot.packets.find(({ op }) => op === 2)
    world.bot.say({ op: 1, d: { id: '2000', event_id: hello?.d.event_id } })
    await world.system.advance(0)
    await patient
    expect(world.bot.packets.flatMap(({ d }) => d.script ?? [])).toEqual(['patient'])
  })

  it('is refused more in the end; calls fail, messages are reported once, the stop overtakes', async () => {
    const world = await new World().start()
    world.bot.onPacket = () => {}
    let taken = 0
    while (taken < 1_000 && world.dialect.message(large, nobody)) taken += 1
    expect(taken).toBeLessThan(limits.channelBacklogBytesMax / large.length + 2)
    expect(world.dialect.message(large, nobody)).toBe(false)
    expect(world.warnings).toMatchObject([{ code: 'DM_PENDING_LIMIT', instance: 1 }])
    const message = { op: 'eval', script: large }
    const call = world.answer({ kind: 'dialect', message, runsCode: true }, 1_000)
    await expect(call).rejects.toMatchObject({ code: 'DM_PENDING_LIMIT' })
    world.bot.packets.length = 0
    expect(world.dialect.stop()).toBe(true)
    await world.system.advance(0)
    expect(world.bot.packets.at(-1)?.t).toBe('DESTROYING')
  })
})

describe('a script in a message that may hold none', () => {
  it.each([
    ['an eval', { op: 'eval', script: '(f)' }],
    ['a map', { op: 'cache', request: { op: 8, keyspace: 'guilds', storage: 'g', script: '(f)' } }],
    ['counts', { op: 'cache', request: { op: 12, keyspace: 'guilds', storage: 'g', scripts: [] } }],
  ])('%s is refused, and never reaches the bot', async (_what, message) => {
    const world = await botThat(() => ({ d: { success: true, result: [] } }))
    const answer = world.answer({ kind: 'dialect', message, runsCode: false }, 1_000)
    await expect(answer).rejects.toMatchObject({ code: 'DM_EVAL_REFUSED' })
    expect(world.bot.packets).toEqual([])
  })

  it('does not touch what holds none', async () => {
    const world = await botThat(() => ({ d: { success: true, result: 3 } }))
    const message = { op: 'cache', request: { op: 4, keyspace: 'guilds', storage: 'global' } }
    await world.answer({ kind: 'dialect', message, runsCode: false }, 1_000)
    expect(world.bot.packets).toHaveLength(1)
  })
})
