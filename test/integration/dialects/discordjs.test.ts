/** Real discord.js bots, unchanged, on two machines: one in processes, one in workers mode. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EvalContext, ShardingInstance, ShardingManager } from '../../../dist/index.js'
import { FakeDiscord } from '../../../dist/testing/index.js'
import { botFile } from '../../support/launched-bot.js'
import { pointOf, Testbed } from '../../support/testbed.js'

const guildsPerShard = 3
const totalShards = 8

let discord: FakeDiscord
let bed: Testbed
let parent: ShardingManager
let firstMachine: string

beforeAll(async () => {
  discord = await FakeDiscord.start({ totalShards, guildsPerShard, maxConcurrency: 16 })
  bed = new Testbed()
  const env = { DISCORD_API: discord.apiUrl }
  const options = { file: botFile('discordjs.js'), processes: { env }, workers: { env } }
  const first = await bed.child({}, options)
  const second = await bed.child({}, options)
  firstMachine = `127.0.0.1:${first.address?.port}`
  const points = [
    pointOf(first, { mode: 'processes', shards: { from: 0, to: 3 }, shardsPerInstance: 2 }),
    pointOf(second, { mode: 'workers', shards: { from: 4, to: 7 }, shardsPerInstance: 2 }),
  ]
  parent = bed.make({ callTimeoutMs: 8_000, machines: { me: 'parent', points } })
  await parent.start()
}, 60_000)

afterAll(async () => {
  await bed.close()
  await discord.close()
})

/** Runs a function in the client of an instance, as its own code would run. */
async function inBot<T>(
  instance: number,
  run: (context: EvalContext) => T | Promise<T>,
  context = {},
): Promise<T | undefined> {
  const [value] = await parent.eval<T>(run, { to: instance, context })
  return value
}

const shardIds = ({ client }: EvalContext): number[] => client.shard.ids
const byShard = ([a = 0]: readonly number[], [b = 0]: readonly number[]) => a - b

describe('four instances of two shards each', () => {
  it('are ready when all their shards are, each with a session of its own', () => {
    expect([...parent.instances.values()].map(({ running }) => running)).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(discord.sessions.map(({ shard, total }) => [shard, total]).toSorted(byShard)).toEqual(
      Array.from({ length: totalShards }, (_, shard) => [shard, totalShards]),
    )
    expect(discord.stats.violations).toEqual([])
  })

  it('know their shards', async () => {
    const shown = await parent.eval(({ client }) => ({
      ids: client.shard.ids,
      count: client.shard.count,
      mode: client.shard.mode,
    }))
    expect(shown).toEqual([
      { ids: [0, 1], count: 8, mode: 'process' },
      { ids: [2, 3], count: 8, mode: 'process' },
      { ids: [4, 5], count: 8, mode: 'worker' },
      { ids: [6, 7], count: 8, mode: 'worker' },
    ])
  })
})

describe.each([0, 3])('client.shard of instance %i', (asker) => {
  it('fetches values from all, and their sum is right', async () => {
    const sizes = await inBot(asker, ({ client }: EvalContext) =>
      client.shard.fetchClientValues('guilds.cache.size'),
    )
    expect(sizes).toEqual([6, 6, 6, 6])
    const sum = await inBot(asker, async ({ client }: EvalContext) => {
      const values = await client.shard.broadcastEval((c: EvalContext) => c.guilds.cache.size)
      return values.reduce((total: number, size: number) => total + size, 0)
    })
    expect(sum).toBe(totalShards * guildsPerShard)
  })

  it('evaluates with a context, on all or on the one that serves a shard', async () => {
    const answer = await inBot(asker, ({ client }: EvalContext) =>
      Promise.all([
        client.shard.broadcastEval((c: EvalContext, { add }: EvalContext) => c.shard.ids[0] + add, {
          context: { add: 100 },
        }),
        client.shard.broadcastEval((c: EvalContext) => c.shard.ids, { shard: 5 }),
        client.shard.fetchClientValues('shard.ids', 2),
      ]),
    )
    expect(answer).toEqual([
      [100, 102, 104, 106],
      [4, 5],
      [2, 3],
    ])
  })

  it('reaches the instance that serves a guild', async () => {
    const [guild] = discord.guildIdsOf(6)
    const name = await inBot(
      asker,
      ({ client, guild: id }: EvalContext) =>
        client.shard.broadcastEval(
          (c: EvalContext, { id: guildId }: EvalContext) => c.guilds.cache.has(guildId),
          {
            context: { id },
            shard: Number((BigInt(id) >> 22n) % 8n),
          },
        ),
      { guild },
    )
    expect(name).toBe(true)
  })

  it('gets the error that was thrown over there', async () => {
    const error = await inBot(asker, ({ client }: EvalContext) =>
      client.shard
        .broadcastEval((c: EvalContext) => {
          if (c.shard.ids.includes(7)) throw new RangeError('too far')
        })
        .catch(({ name, message }: Error) => ({ name, message })),
    )
    expect(error).toEqual({ name: 'RangeError', message: 'too far' })
  })

  it('is told at once that a shard does not exist', async () => {
    const error = await inBot(asker, ({ client }: EvalContext) =>
      client.shard.broadcastEval(() => 1, { shard: 99 }).catch((thrown: Error) => thrown.message),
    )
    expect(error).toMatch(/99/)
  })
})

/** What instance 1 hears of its call when the bot of shard 0 meets one. */
function hear(does: 'return' | 'throw', what: string): Promise<unknown> {
  return inBot(
    1,
    ({ client, ...context }: EvalContext) =>
      client.shard
        .broadcastEval((c: EvalContext, odd: EvalContext) => c.odd(odd.does, odd.what), {
          context,
          shard: 0,
        })
        .then(
          (value: unknown) => `a value: ${typeof value}`,
          (error: Error) => `an error: ${error.message}`,
        ),
    { does, what },
  )
}

describe('odd things', () => {
  it.each([
    ['string', /text/],
    ['undefined', /undefined/],
    ['null', /null/],
    ['bigint', /5n/],
    ['circle', /again/],
    ['unreadable', /an error: ./],
  ])('%s thrown is an error for the asker, and nothing else', async (what, message) => {
    expect(await hear('throw', what)).toMatch(message)
    expect(
      await inBot(0, ({ client }: EvalContext) => client.shard.fetchClientValues('shard.ids')),
    ).toHaveLength(4)
  })

  it.each([
    ['bigint', /an error: .*BigInt/],
    ['circle', /an error: .*circular/],
    // What JSON leaves out is undefined under discord.js, too.
    ['symbol', /a value: undefined/],
    ['function', /a value: undefined/],
  ])('%s as a result ends the call as well', async (what, message) => {
    expect(await hear('return', what)).toMatch(message)
  })

  it('50 MB as a result arrive', async () => {
    const length = await inBot(2, async ({ client }: EvalContext) => {
      const [text] = await client.shard.broadcastEval((c: EvalContext) =>
        c.shard.ids[0] === 0 ? 'x'.repeat(50_000_000) : '',
      )
      return text.length
    })
    expect(length).toBe(50_000_000)
  })

  it('long lists of short texts arrive from all', async () => {
    const lengths = await inBot(0, async ({ client }: EvalContext) => {
      const lists = await client.shard.broadcastEval(() =>
        Array.from({ length: 300_000 }, (_, n) => String(10n ** 18n + BigInt(n))),
      )
      return lists.map((list: string[]) => list.length)
    })
    expect(lengths).toEqual([300_000, 300_000, 300_000, 300_000])
  })

  it('what Node says to itself does not end a manager when a bot says it', async () => {
    const taken = await inBot(0, () =>
      Promise.all(
        ['NODE_HANDLE_ACK', 'NODE_HANDLE_NACK', 'NODE_SOCKET_GET_COUNT'].map(
          (cmd) => new Promise((resolve) => process.send?.({ cmd }, resolve)),
        ),
      ),
    )
    expect(taken).toEqual([null, null, null])
    expect(await parent.eval(shardIds)).toHaveLength(4)
  })

  it('no client has seen an error of its own', async () => {
    expect(await parent.eval(({ client }) => client.inbox)).toEqual([[], [], [], []])
    expect(discord.stats.violations).toEqual([])
  })
})

describe('messages', () => {
  it('10,000 in a burst from a bot reach the manager of all, in order, with their sender', async () => {
    const heard: [unknown, number | undefined][] = []
    const listener = (message: unknown, instance: ShardingInstance | undefined) =>
      heard.push([message, instance?.id])
    parent.on('message', listener)
    await inBot(3, ({ client }: EvalContext) => {
      for (let n = 0; n < 10_000; n += 1) client.shard.send({ n })
    })
    await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(10_000)
    parent.off('message', listener)
    expect(heard).toEqual(Array.from({ length: 10_000 }, (_, n) => [{ n }, 3]))
  })

  it('of the manager reach process.on and parentPort.on', async () => {
    for (let n = 0; n < 1_000; n += 1) parent.send(`message ${n}`, { to: [1, 2] })
    const expected = Array.from({ length: 1_000 }, (_, n) => `message ${n}`)
    for (const id of [1, 2]) {
      await expect
        .poll(() => inBot(id, ({ client }: EvalContext) => client.inbox), { timeout: 10_000 })
        .toEqual(expected)
    }
    expect(await inBot(0, ({ client }: EvalContext) => client.inbox)).toEqual([])
    await parent.eval(({ client }) => void client.inbox.splice(0))
  })
})

describe('the gateway', () => {
  it('of a shard may break, and the manager is told what became of it', async () => {
    const told: string[] = []
    const note =
      (what: string) =>
      ({ id }: ShardingInstance) =>
        told.push(`${id} ${what}`)
    const [reconnecting, resume] = [note('reconnecting'), note('resumed')]
    parent.on('instanceReconnecting', reconnecting).on('instanceResume', resume)
    discord.disconnect(5)
    await expect.poll(() => told, { timeout: 15_000 }).toEqual(['2 reconnecting', '2 resumed'])
    parent.off('instanceReconnecting', reconnecting).off('instanceResume', resume)
    expect(discord.stats.violations).toEqual([])
  })
})

describe('an instance that is stopped', () => {
  it('costs its own answer, at the deadline, and is named', async () => {
    const pid = parent.machines.get(firstMachine)?.instances.find(({ id }) => id === 1)?.pid ?? 0
    process.kill(pid, 'SIGSTOP')
    try {
      const outcomes = await parent.evalSettled(shardIds, { timeoutMs: 1_000 })
      expect(outcomes.map(({ status }) => status)).toEqual(['ok', 'timeout', 'ok', 'ok'])
      const told = await parent.evalSettled(
        ({ client }: EvalContext) =>
          client.shard.broadcastEval(() => 1).catch(({ message }: Error) => message),
        { to: 3, timeoutMs: 20_000 },
      )
      expect(told).toMatchObject([
        { status: 'ok', value: expect.stringContaining(`instance 1 on ${firstMachine}`) },
      ])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })
})

describe('respawnAll', () => {
  it('of a bot restarts all of them, one after the other', async () => {
    const exits: number[] = []
    const ready: number[] = []
    parent.on('instanceExit', ({ id }) => exits.push(id))
    parent.on('instanceReady', ({ id }) => ready.push(id))
    await inBot(0, ({ client }: EvalContext) =>
      client.shard.respawnAll({ shardDelay: 10, respawnDelay: 0, timeout: 30_000 }),
    )
    await expect.poll(() => ready, { timeout: 40_000 }).toEqual([0, 1, 2, 3])
    expect(exits).toEqual([0, 1, 2, 3])
    expect(discord.stats.violations).toEqual([])
  })
})
