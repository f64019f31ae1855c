/**
 * discordoo bots, unchanged, on two machines: one in processes, one in workers mode. The app is a
 * strict stand-in (`test/fixtures/discordoo`), as discordoo is not on the npm registry; the Discord
 * that its shards connect to is as strict.
 */
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EvalContext, ShardingInstance, ShardingManager } from '../../../dist/index.js'
import { FakeDiscord } from '../../../dist/testing/index.js'
import { botFile } from '../../support/launched-bot.js'
import { pointOf, Testbed } from '../../support/testbed.js'

const guildsPerShard = 3
const totalShards = 8
const guilds = totalShards * guildsPerShard

let discord: FakeDiscord
let bed: Testbed
let parent: ShardingManager
let first: ShardingManager

beforeAll(async () => {
  discord = await FakeDiscord.start({
    totalShards,
    guildsPerShard,
    membersPerGuild: 5,
    maxConcurrency: 16,
  })
  bed = new Testbed()
  const env = { STANDIN_GATEWAY_API: discord.apiUrl }
  const options = { file: botFile('discordoo-bot.js'), processes: { env }, workers: { env } }
  first = await bed.child({}, options)
  const second = await bed.child({}, options)
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

/** Runs a function in the app of an instance, as its own code would run. */
async function inBot<T>(
  instance: number,
  run: (context: EvalContext) => T | Promise<T>,
  context = {},
): Promise<T | undefined> {
  const [value] = await parent.eval<T>(run, { to: instance, context })
  return value
}

type Row = readonly [number, ...unknown[]]
const byFirst = ([a]: Row, [b]: Row) => a - b
const received = ({ take }: EvalContext): unknown =>
  Reflect.get(globalThis, 'received').slice(0, take)
const emergencies = () => Reflect.get(globalThis, 'emergencies') as { d: unknown }[]

describe('four instances of two shards each', () => {
  it('are ready when all their shards are, each with a session of its own', () => {
    expect([...parent.instances.values()].every(({ running }) => running)).toBe(true)
    expect(
      discord.sessions
        .map(({ shard, total }): [number, number] => [shard, total])
        .toSorted(byFirst),
    ).toEqual(Array.from({ length: totalShards }, (_, shard) => [shard, totalShards]))
    expect(discord.stats.violations).toEqual([])
  })

  it('know their shards, and all others', async () => {
    const shown = await parent.eval(({ app }) => {
      const { shards, totalShards: total, instance, active } = app.sharding
      return { shards, total, instance, active }
    })
    expect(shown).toEqual(
      [0, 1, 2, 3].map((instance) => ({
        shards: [2 * instance, 2 * instance + 1],
        total: 8,
        instance,
        active: true,
      })),
    )
  })
})

describe.each([0, 3])('app.sharding of instance %i', (asker) => {
  it('evaluates on all, in the order of instances', async () => {
    const answer = await inBot(asker, ({ app }: EvalContext) =>
      Promise.all([
        app.sharding.eval(({ app: own, add }: EvalContext) => own.sharding.instance + add, {
          context: { add: 100 },
        }),
        app.sharding.eval('return context.app.sharding.shards', { instance: { from: 1, to: 2 } }),
        app.sharding.eval('return context.app.sharding.instance', { instance: [3, 0] }),
        app.sharding.eval('return 1', { instance: 99 }),
      ]),
    )
    expect(answer).toEqual([
      [100, 101, 102, 103],
      [
        [2, 3],
        [4, 5],
      ],
      [3, 0],
      [],
    ])
  })

  it('carries BigInts both ways', async () => {
    const answer = await inBot(asker, async ({ app }: EvalContext) => {
      const values = await app.sharding.eval(({ n }: EvalContext) => ({ twice: n * 2n }), {
        context: { n: 12_345_678_901_234_567_890n },
      })
      return values.map(({ twice }: { twice: bigint }) => [typeof twice, String(twice)])
    })
    expect(answer).toEqual(Array.from({ length: 4 }, () => ['bigint', '24691357802469135780']))
  })

  it('gets the error that was thrown over there', async () => {
    const error = await inBot(asker, ({ app }: EvalContext) =>
      app.sharding
        .eval(({ app: own }: EvalContext) => {
          if (own.sharding.instance === 2) throw new RangeError('too far')
        })
        .catch(({ name, message }: Error) => ({ name, message })),
    )
    expect(error).toEqual({ name: 'RangeError', message: 'too far' })
  })

  it('sends messages to all, the sender included, or to some', async () => {
    await inBot(asker, ({ app }: EvalContext) => {
      app.sharding.send('to all')
      app.sharding.send('to two', { instance: [1, 2] })
    })
    const message = (text: string) => ({ message: text, from: asker })
    for (const id of [0, 1, 2, 3]) {
      const expected = [message('to all'), ...(id === 1 || id === 2 ? [message('to two')] : [])]
      await expect.poll(() => inBot(id, received, { take: 9 })).toEqual(expected)
    }
    await parent.eval(() => void Reflect.get(globalThis, 'received').splice(0))
  })
})

describe.each([1, 2])('caches asked by instance %i', (asker) => {
  it('count every guild once, where discordoo counts them once per shard', async () => {
    const answer = await inBot(asker, async ({ app }: EvalContext) => {
      const { cache } = app.guilds
      const all = { shard: 'all' }
      const keys = await cache.keys(all)
      return {
        size: await cache.size(all),
        sizeOfOne: await cache.size({ shard: 6 }),
        sizeOfSome: await cache.size({ shard: { from: 2, to: 5 } }),
        mapped: (await cache.map(({ id }: { id: string }) => id, all)).length,
        counts: await cache.counts([() => false, () => true], all),
        count: await cache.count(() => true, all),
        keys: [keys.length, new Set(keys).size],
        values: (await cache.values(all)).length,
        entries: (await cache.entries(all)).length,
      }
    })
    expect(answer).toMatchObject({
      size: guilds,
      sizeOfOne: 2 * guildsPerShard,
      sizeOfSome: 4 * guildsPerShard,
      mapped: guilds,
      counts: [0, guilds],
      count: guilds,
      keys: [guilds, guilds],
      values: guilds,
      entries: guilds,
    })
  })

  it('find one guild on whatever machine it is', async () => {
    for (const shard of [0, 7]) {
      const [guild = ''] = discord.guildIdsOf(shard)
      const answer = await inBot(
        asker,
        async ({ app, guild: id, shard: owner }: EvalContext) => {
          const { cache } = app.guilds
          return {
            has: await cache.has(id, { shard: owner }),
            hasElsewhere: await cache.has('1', { shard: 'all' }),
            got: (await cache.get(id, { shard: owner }))?.id,
            found: (await cache.find((g: { id: string }) => g.id !== '', { shard: owner }))?.id,
          }
        },
        { guild, shard },
      )
      expect(answer).toMatchObject({ has: true, hasElsewhere: false, got: guild })
      expect(discord.guildIdsOf(shard).concat(discord.guildIdsOf(shard ^ 1))).toContain(
        answer?.found,
      )
    }
  })

  it('are changed where they are', async () => {
    const [, guild = ''] = discord.guildIdsOf(7)
    const sizes = await inBot(
      asker,
      async ({ app, guild: id }: EvalContext) => {
        const { cache } = app.guilds
        const kept = await cache.get(id, { shard: 7 })
        const isDeleted = await cache.delete(id, { shard: 7 })
        const without = await cache.size({ shard: 'all' })
        await cache.set(id, { id, name: kept.name }, { shard: 7 })
        return [isDeleted, without, await cache.size({ shard: 'all' })]
      },
      { guild },
    )
    expect(sizes).toEqual([true, guilds - 1, guilds])
  })
})

describe('the gateway', () => {
  it('takes a presence for every shard, once each', async () => {
    const before = discord.stats.presenceUpdates
    await inBot(0, ({ app }: EvalContext) =>
      app.user.updatePresence({ status: 'idle', activities: [] }, { shards: 'all' }).then(() => 1),
    )
    await expect.poll(() => discord.stats.presenceUpdates).toBe(before + totalShards)
    expect(discord.stats.violations).toEqual([])
  })

  it('survives a presence without activities, which would end an instance', async () => {
    const before = discord.stats.presenceUpdates
    await inBot(3, ({ app }: EvalContext) => {
      const { ipc } = app.internals
      const d = { event_id: ipc.generate(), presence: { status: 'dnd' }, shards: [0, 1, 2, 3] }
      void ipc.send({ op: 0, t: 'PRESENCE_UPDATE', d })
    })
    await expect.poll(() => discord.stats.presenceUpdates).toBe(before + 4)
    expect([...parent.instances.values()].every(({ running }) => running)).toBe(true)
  })

  it('gives members of a guild whose shard runs on another machine', async () => {
    const [guild] = discord.guildIdsOf(5)
    const members = await inBot(
      0,
      async ({ app, guild: id }: EvalContext) => (await app.members.fetch(id)).length,
      { guild },
    )
    expect(members).toBe(5)
  })
})

describe('what would crash an instance of discordoo', () => {
  it('is answered by the manager instead', async () => {
    const answers = await inBot(0, async ({ app }: EvalContext) => {
      const { ipc } = app.internals
      const ask = (packet: object) =>
        ipc.request(packet).then(
          ({ op }: { op: number }) => op,
          ({ op }: { op: number }) => op,
        )
      const id = () => ipc.generate()
      return Promise.all([
        // Members without a limit.
        ask({
          op: 0,
          t: 'GUILD_MEMBERS_REQUEST',
          d: { event_id: id(), shard_id: 6, guild_id: '1' },
        }),
        // A shard that does not exist, which discordoo never answers.
        ask({
          op: 0,
          t: 'GUILD_MEMBERS_REQUEST',
          d: { event_id: id(), shard_id: 99, guild_id: '1', limit: 0, query: '' },
        }),
        // The manager itself, where no code of bots runs.
        ask({
          op: 0,
          t: 'BROADCAST_EVAL',
          d: { event_id: id(), script: '(() => 1)', shards: [1_111_111_111], context: {} },
        }),
      ])
    })
    expect(answers).toEqual([4, 4, 4])
    expect([...parent.instances.values()].every(({ running }) => running)).toBe(true)
  })
})

describe('the manager', () => {
  it('gets messages to instance 1111111111, with their sender', async () => {
    const heard: unknown[] = []
    const listener = (message: unknown, instance: ShardingInstance | undefined) =>
      heard.push([message, instance?.id])
    parent.on('message', listener)
    await inBot(2, ({ app }: EvalContext) =>
      app.sharding.send('to you', { instance: [1_111_111_111] }),
    )
    await expect.poll(() => heard).toEqual([['to you', 2]])
    parent.off('message', listener)
  })

  it('reaches ipcMessage with manager.send', async () => {
    parent.send('from above', { to: 3 })
    await expect
      .poll(() => inBot(3, received, { take: 9 }))
      .toEqual([{ message: 'from above', from: 1_111_111_111 }])
  })

  it('counts REST requests of all machines, and warns all', async () => {
    await parent.eval(({ app }) => {
      const heard: unknown[] = []
      Reflect.set(globalThis, 'emergencies', heard)
      app.internals.ipc.on('RAW', (packet: { op: number }) => {
        if (packet.op === 5) heard.push(packet)
      })
    })
    await parent.eval(({ app }) => {
      for (let n = 0; n < 13; n += 1) void app.sendRestLimitsSync(true)
    })
    for (const id of [0, 1, 2, 3]) {
      await expect
        .poll(() => inBot(id, emergencies))
        .toMatchObject([{ op: 5, d: { op: 2, block_until: expect.any(Number) } }])
    }
    expect(parent.internals.rest.allowed).toBeLessThanOrEqual(50)
  })
})

describe('an instance that is stopped', () => {
  it('costs its own answer, at the deadline, and is named', async () => {
    const machine = `127.0.0.1:${first.address?.port}`
    const pid = parent.machines.get(machine)?.instances.find(({ id }) => id === 1)?.pid ?? 0
    process.kill(pid, 'SIGSTOP')
    try {
      const told = await parent.eval(
        ({ app }: EvalContext) =>
          app.sharding.eval('return 1').catch(({ message }: Error) => message),
        { to: 3, timeoutMs: 20_000 },
      )
      expect(told).toEqual([expect.stringContaining(`instance 1 on ${machine}`)])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })
})

describe('the end', () => {
  it('is DESTROYING: every app exits by itself, and no socket file is left', async () => {
    const sockets = await parent.eval<string>(
      ({ app }) => `/tmp/ddoo${app.internals.sharding.instanceIpc}`,
    )
    expect(sockets.every((path) => existsSync(path))).toBe(true)
    const exits: [number, number | null, string | null][] = []
    parent.on('instanceExit', ({ id }, { code, signal }) => exits.push([id, code, signal]))
    await parent.stop()
    expect(exits.toSorted(byFirst)).toEqual([0, 1, 2, 3].map((id) => [id, 0, null]))
    expect(sockets.filter((path) => existsSync(path))).toEqual([])
    expect(discord.sessions).toEqual([])
    expect(discord.stats.violations).toEqual([])
  })
})
