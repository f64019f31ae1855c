/** The public manager with real instances on this machine, in each of its three local modes. */
import { ChildProcess } from 'node:child_process'
import { Worker as ClusterWorker } from 'node:cluster'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  PartialShardingModes,
  type ShardingInstance,
  type ShardingManager,
  ShardingManagerModes,
  ShardingModes,
} from '../../../dist/index.js'
import { eventually } from '../../support/eventually.js'
import { nativeBot, Testbed } from '../../support/testbed.js'

/** discordoo's spellings and a plain text. */
const modes = [
  { mode: ShardingModes.Processes, name: 'processes', raw: ChildProcess },
  { mode: 'workers', name: 'workers', raw: Worker },
  { mode: PartialShardingModes.Clusters, name: 'clusters', raw: ClusterWorker },
] as const

function must<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('it is not there')
  return found
}

describe.each(modes)('a manager of $name', ({ mode, name, raw }) => {
  const bed = new Testbed()
  const events: string[] = []
  let manager: ShardingManager

  beforeAll(async () => {
    manager = bed.make({
      mode,
      file: nativeBot,
      shards: { from: 4, to: 9 },
      shardsPerInstance: 2,
      totalShards: 16,
      output: 'ignore',
    })
    manager.on('instanceSpawn', ({ id }) => events.push(`spawn ${id}`))
    manager.on('instanceReady', ({ id }) => events.push(`ready ${id}`))
    manager.on('ready', () => events.push('all ready'))
    expect(manager.instances.map(({ running }) => running)).toEqual([false, false, false])
    expect(await manager.start()).toBe(manager)
  })
  afterAll(() => bed.close())

  it('is ready when each of its bots is', () => {
    expect(events.at(-1)).toBe('all ready')
    expect(events.slice(0, -1).toSorted()).toEqual([
      'ready 0',
      'ready 1',
      'ready 2',
      'spawn 0',
      'spawn 1',
      'spawn 2',
    ])
  })

  it('shows instances by id, and shards by the instance that serves them', () => {
    expect([...manager.instances.keys()]).toEqual([0, 1, 2])
    expect([...manager.shards.keys()]).toEqual([4, 5, 6, 7, 8, 9])
    expect(manager.shards.get(7)).toBe(manager.instances.get(1))
    expect(manager.internals.shards).toEqual([4, 5, 6, 7, 8, 9])
    expect(manager.mode).toBe(name)
    expect(manager.machines.get('local')).toMatchObject({ phase: 'ready', mode: name })
  })

  it('tells every bot who it is, and how many shards there are in all', async () => {
    const facts = await manager.eval(({ bot }) => ({
      id: bot.id,
      shards: bot.shards,
      totalShards: bot.totalShards,
      machine: bot.machine,
      mode: bot.mode,
      managed: bot.managed,
    }))
    const same = { totalShards: 16, machine: 'local', mode: name, managed: true }
    expect(facts).toEqual([
      { id: 0, shards: [4, 5], ...same },
      { id: 1, shards: [6, 7], ...same },
      { id: 2, shards: [8, 9], ...same },
    ])
  })

  it('asks bots: by eval, by request, and for every outcome', async () => {
    const sums = await manager.eval(({ a, bot }) => a + bot.id, { context: { a: 10 } })
    expect(sums).toEqual([10, 11, 12])
    const asker = { instance: undefined, machine: undefined }
    expect(await manager.request('whoami', 'x', { to: { shard: 8 } })).toEqual([
      { id: 2, payload: 'x', asker },
    ])
    const outcomes = await manager.requestSettled('fail')
    expect(outcomes).toMatchObject([
      { instance: 0, machine: 'local', shards: [4, 5], status: 'error' },
      { instance: 1, machine: 'local', shards: [6, 7], status: 'error' },
      { instance: 2, machine: 'local', shards: [8, 9], status: 'error' },
    ])
    await expect(manager.request('fail')).rejects.toMatchObject({ code: 'DM_REMOTE', instance: 0 })
  })

  it('carries messages: its own, those of a handle, and those from bot to bot', async () => {
    const last = must(manager.instances.get(2))
    manager.send('from the manager', { to: { shard: 9 } })
    expect(last.message('by the handle')).toBe(last)
    await manager.eval(({ bot }) => bot.send(`from ${bot.id}`, { to: 2 }), { to: 0 })
    const arrived = await eventually(async () => {
      const [got = []] = await last.eval<{ message: string; from: unknown }[]>(({ inbox }) => inbox)
      return got.length === 3 ? got : undefined
    }, 'three messages')
    const manages = { instance: undefined, machine: undefined }
    expect(arrived.toSorted((a, b) => a.message.localeCompare(b.message))).toEqual([
      { message: 'by the handle', from: manages },
      { message: 'from 0', from: { instance: 0, machine: 'local' } },
      { message: 'from the manager', from: manages },
    ])
  })

  it('lets bots ask each other', async () => {
    const [answers] = await manager.eval<unknown[]>(
      async ({ bot }) => [
        await bot.eval('return context.bot.id'),
        await bot.request('whoami', 1, { to: { shard: 9 } }),
      ],
      { to: 0 },
    )
    const asker = { instance: 0, machine: 'local' }
    expect(answers).toEqual([[0, 1, 2], [{ id: 2, payload: 1, asker }]])
  })

  it('has handles that evaluate where they are told to', async () => {
    const handle = must(manager.instances.get(1))
    const ids = (instance?: Parameters<typeof handle.eval>[1]) =>
      handle.eval<number>(({ bot }) => bot.id, instance)
    expect(await ids()).toEqual([1])
    expect(await ids({ instance: 'current' })).toEqual([1])
    expect(await ids({ instance: 'all' })).toEqual([0, 1, 2])
    expect(await ids({ instance: 2 })).toEqual([2])
    expect(await ids({ instance: [2, 0] })).toEqual([0, 2])
    expect(await ids({ instance: { from: 0, to: 1 } })).toEqual([0, 1])
    expect(await handle.eval('return context.x', { context: { x: 'y' } })).toEqual(['y'])
    await expect(ids({ instance: 3 })).rejects.toMatchObject({ code: 'DM_TARGET_UNKNOWN' })
  })

  it('has handles with the members that discordoo gives them', async () => {
    const handle: ShardingInstance<ShardingManager> = must(manager.instances.get(1))
    expect(handle).toMatchObject({
      id: 1,
      shards: [6, 7],
      totalShards: 16,
      machine: 'local',
      mode: name,
      running: true,
      options: { shards: [6, 7], totalShards: 16, mode: name, file: nativeBot },
    })
    expect(handle.manager).toBe(manager)
    expect(handle.ipcId).toMatch(/^\d{30,39}$/)
    expect(handle.rawShard).toBeInstanceOf(raw)
    const packets: number[] = []
    handle.ipc.on('RAW', ({ envelope }) => packets.push(envelope.length))
    await handle.eval('return 1')
    expect(packets.length).toBeGreaterThan(0)
  })

  it('ends an instance, keeps it down, and brings it back with the same handle', async () => {
    const handle = must(manager.instances.get(1))
    const first = handle.rawShard
    expect(await handle.kill()).toBe(handle)
    expect(handle.running).toBe(false)
    expect(handle.rawShard).toBeUndefined()
    const outcomes = await manager.evalSettled(({ bot }) => bot.id)
    expect(outcomes.map(({ status }) => status)).toEqual(['ok', 'offline', 'ok'])
    expect(await handle.create({ timeout: 60_000 })).toBe(handle)
    expect(handle.running).toBe(true)
    const second = handle.rawShard
    expect(await handle.recreate({ timeout: 60_000 })).toBe(handle)
    expect(new Set([first, second, handle.rawShard]).size).toBe(3)
    expect(handle.rawShard).toBeInstanceOf(raw)
    expect(manager.instances.get(1)).toBe(handle)
    expect(await handle.eval(({ bot }) => bot.id)).toEqual([1])
  })

  it('cannot be detached from: its bots end with it', async () => {
    await expect(manager.detach()).rejects.toMatchObject({ code: 'DM_NOT_IN_THIS_MODE' })
    expect(await manager.eval(({ bot }) => bot.id)).toEqual([0, 1, 2])
  })

  it('stops: every bot is gone when the promise resolves, and calls are refused', async () => {
    const ended: string[] = []
    manager.on('instanceExit', ({ id }, { code }) => ended.push(`exit ${id} with ${code}`))
    manager.on('instanceStop', ({ id }) => ended.push(`stop ${id}`))
    manager.on('stop', () => ended.push('all stopped'))
    await Promise.all([manager.stop(), manager.stop()])
    expect(ended.at(-1)).toBe('all stopped')
    expect(ended.slice(0, -1).toSorted()).toEqual([
      'exit 0 with 0',
      'exit 1 with 0',
      'exit 2 with 0',
      'stop 0',
      'stop 1',
      'stop 2',
    ])
    expect(manager.instances.map(({ running }) => running)).toEqual([false, false, false])
    await expect(manager.eval('return 1')).rejects.toMatchObject({ code: 'DM_STOPPED' })
    await expect(manager.start()).rejects.toMatchObject({ code: 'DM_STATE' })
  })
})

describe('the names of modes', () => {
  it('are the same texts in every spelling', () => {
    expect(ShardingModes).toBe(ShardingManagerModes)
    expect(PartialShardingModes.Workers).toBe('workers')
    expect(ShardingModes.Machines).toBe(ShardingManagerModes.MACHINES)
  })
})
