/** discordoo bots that do not start, die, or lose their socket; in every mode, on one machine. */
import { existsSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { EvalContext, ShardingManager, ShardingManagerOptions } from '../../../dist/index.js'
import { eventually } from '../../support/eventually.js'
import { botFile } from '../../support/launched-bot.js'
import { Project } from '../../support/manager-process.js'
import { isRunning } from '../../support/processes.js'
import { Testbed } from '../../support/testbed.js'

let bed: Testbed

beforeEach(() => {
  bed = new Testbed()
})
afterEach(async () => {
  const sockets = bed.managers.flatMap(({ instances }) =>
    [...instances.values()].map(({ ipcId }) => `/tmp/ddoo${ipcId}`),
  )
  await bed.close()
  expect(sockets.filter((path) => existsSync(path))).toEqual([])
})

const received = () => Reflect.get(globalThis, 'received') as unknown[]

type Mode = 'processes' | 'workers' | 'clusters'

function managerOf(
  mode: Mode,
  env: Record<string, string> = {},
  more: Partial<ShardingManagerOptions> = {},
): ShardingManager {
  const file = botFile('discordoo-bot.js')
  return bed.make({
    mode,
    file,
    shards: 6,
    shardsPerInstance: 2,
    // Told beforehand in one mode, found out in the others.
    dialect: mode === 'clusters' ? 'discordoo' : 'auto',
    killTimeoutMs: 2_000,
    respawn: { delayMs: 20, attemptsMax: 2 },
    output: 'ignore',
    [mode]: { env },
    ...more,
  })
}

const idOf = ({ app }: EvalContext): number => app.sharding.instance

async function statuses(manager: ShardingManager): Promise<string[]> {
  const outcomes = await manager.evalSettled(idOf, { timeoutMs: 5_000 })
  return outcomes.map(({ status }) => status)
}

describe.each(['processes', 'workers', 'clusters'] as const)('in %s mode', (mode) => {
  it('bots start, ask each other and stop', async () => {
    const manager = managerOf(mode)
    await manager.start()
    const answers = await manager.eval(({ app }: EvalContext) =>
      app.sharding.eval('return context.app.sharding.instance'),
    )
    expect(answers).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ])
  })

  it('one whose gateway cannot be reached says why, and the others serve', async () => {
    const manager = managerOf(mode, {
      STANDIN_CONNECT_ERROR: 'the gateway is closed',
      STANDIN_ONLY_INSTANCES: '1',
    })
    const failures: string[] = []
    manager.on('instanceStartFailed', ({ id }, { message }) => failures.push(`${id}: ${message}`))
    await expect(manager.start()).rejects.toMatchObject({ code: 'DM_START_FAILED' })
    expect(failures[0]).toMatch(/^1: .*the gateway is closed/)
    expect(await statuses(manager)).toEqual(['ok', 'offline', 'ok'])
  })
})

describe('bots of a plan with gaps', () => {
  it('ask and tell all shards that there are', async () => {
    const reports: unknown[] = []
    const manager = managerOf('processes', {}, { shards: [0, 1, 4, 5], totalShards: 8 })
    manager.on('undelivered', (report) => reports.push(report))
    await manager.start()
    const [asked] = await manager.eval(
      async ({ app }: EvalContext) => {
        const sizes = [await app.guilds.cache.size({ shard: 'all' })]
        for (const shard of [0, 4, 7]) sizes.push(await app.guilds.cache.size({ shard }))
        await app.user.updatePresence({ status: 'idle', activities: [] }, { shards: 8 })
        return sizes
      },
      { to: 0 },
    )
    const [all, first, second, nobody] = asked ?? []
    expect(first).toBeGreaterThan(0)
    expect([all, nobody]).toEqual([first + second, 0])
    expect(await statuses(manager)).toEqual(['ok', 'ok'])
    expect(reports).toEqual([])
  })
})

describe('one that never gets ready', () => {
  it('fails by its own deadline, and the others serve', async () => {
    const manager = managerOf(
      'processes',
      { STANDIN_NEVER_READY: '1', STANDIN_ONLY_INSTANCES: '2' },
      { startTimeoutMs: 4_000, respawn: false },
    )
    await expect(manager.start()).rejects.toMatchObject({
      failures: [{ code: 'DM_INSTANCE_START_TIMEOUT', instance: 2 }],
    })
    expect(await statuses(manager)).toEqual(['ok', 'ok', 'offline'])
  })
})

describe('one that is killed', () => {
  it('while it starts is noticed at once and started again', async () => {
    const manager = managerOf('processes', {}, { respawn: { delayMs: 20, attemptsMax: 5 } })
    const exits: number[] = []
    manager.on('instanceExit', ({ id }) => exits.push(id))
    manager.once('instanceSpawn', ({ id }) => {
      const pid = manager.machines.first()?.instances.find((one) => one.id === id)?.pid ?? 0
      process.kill(pid, 'SIGKILL')
    })
    await manager.start()
    expect(exits).toEqual([0])
    expect(await statuses(manager)).toEqual(['ok', 'ok', 'ok'])
  })

  it('while it serves is noticed at once, costs its own answer, and comes back', async () => {
    const manager = managerOf('processes')
    await manager.start()
    const pid = manager.machines.first()?.instances.find(({ id }) => id === 1)?.pid ?? 0
    const back = new Promise((resolve) => manager.once('instanceReady', resolve))
    const asked = manager.evalSettled('return new Promise(() => {})', { to: 1, timeoutMs: 20_000 })
    process.kill(pid, 'SIGKILL')
    expect(await asked).toMatchObject([{ status: 'offline' }])
    await back
    expect(await statuses(manager)).toEqual(['ok', 'ok', 'ok'])
  })
})

describe('one that does odd things', () => {
  it('with what it throws ends the call, and nothing else', async () => {
    const manager = managerOf('processes')
    await manager.start()
    for (const odd of [
      "'text'",
      'undefined',
      'null',
      '(() => { const o = {}; return o.o = o })()',
    ]) {
      const outcomes = await manager.evalSettled(`throw ${odd}`, { to: 1, timeoutMs: 5_000 })
      expect(outcomes).toMatchObject([{ status: 'error', error: { code: 'DM_REMOTE' } }])
    }
    expect(await statuses(manager)).toEqual(['ok', 'ok', 'ok'])
  })

  it('and throws a BigInt ends by that, as with discordoo, but alone', async () => {
    const manager = managerOf('processes')
    await manager.start()
    const back = new Promise((resolve) => manager.once('instanceReady', resolve))
    const [told] = await manager.eval(
      ({ app }: EvalContext) =>
        app.sharding.eval('throw 5n', { instance: 1 }).catch(({ message }: Error) => message),
      { to: 0 },
    )
    expect(told).toMatch(/instance 1 on local exited before it answered/)
    expect(await back).toMatchObject({ id: 1 })
    expect(await statuses(manager)).toEqual(['ok', 'ok', 'ok'])
  })

  it('and returns 50 MB, or sends 10,000 messages at once, is heard', async () => {
    const manager = managerOf('processes')
    await manager.start()
    const [text] = await manager.eval<string>("return 'x'.repeat(50_000_000)", { to: 2 })
    expect(text).toHaveLength(50_000_000)
    await manager.eval(
      ({ app }: EvalContext) => {
        for (let n = 0; n < 10_000; n += 1) app.sharding.send(`message ${n}`, { instance: [0, 2] })
      },
      { to: 1 },
    )
    const expected = Array.from({ length: 10_000 }, (_, n) => ({
      message: `message ${n}`,
      from: 1,
    }))
    for (const to of [0, 2]) {
      const count = () => manager.eval(() => Reflect.get(globalThis, 'received').length, { to })
      await expect.poll(count, { timeout: 20_000 }).toEqual([10_000])
      expect(await manager.eval(received, { to })).toEqual([expected])
    }
  })
})

describe('one that loses the socket to its manager', () => {
  it('is greeted again, and goes on', async () => {
    const manager = managerOf('processes')
    await manager.start()
    await manager.eval(
      () => {
        // The stand-in keeps its sockets to itself, so they are found the hard way.
        const handles: unknown[] = Reflect.get(process, '_getActiveHandles').call(process)
        for (const handle of handles as { server?: object; destroy?: () => void }[]) {
          if (handle.server) setTimeout(() => handle.destroy?.(), 20)
        }
      },
      { to: 1 },
    )
    await expect
      .poll(() => manager.eval(idOf, { to: 1, timeoutMs: 2_000 }), { timeout: 10_000 })
      .toEqual([1])
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await statuses(manager)).toEqual(['ok', 'ok', 'ok'])
    expect(manager.instances.get(1)?.running).toBe(true)
  })
})

describe('bots whose manager was killed', () => {
  it('are gone, and so are their socket files', async () => {
    const project = await Project.create()
    onTestFinished(() => project.remove())
    const file = JSON.stringify(botFile('discordoo-bot.js'))
    await project.write(
      'manager.mjs',
      `import { ShardingManager } from 'discordoo-machines'
       const manager = new ShardingManager({
         mode: 'processes', file: ${file}, shards: 2, output: 'ignore',
       })
       await manager.start()
       const bots = [...manager.instances.values()]
       const facts = bots.map(({ ipcId, rawShard }) => ({ ipcId, pid: rawShard.pid }))
       console.log('facts ' + JSON.stringify(facts))`,
    )
    const manager = await project.run('manager.mjs')
    const [, text = '[]'] = await manager.waitFor(/facts (\[.*\])/)
    const facts: { ipcId: string; pid: number }[] = JSON.parse(text)
    const sockets = facts.map(({ ipcId }) => `/tmp/ddoo${ipcId}`)
    expect(sockets.map((path) => existsSync(path))).toEqual([true, true])
    await manager.kill('SIGKILL')
    const areGone = () => facts.every(({ pid }) => !isRunning(pid)) || undefined
    await eventually(areGone, 'the end of both bots', 5_000)
    expect(sockets.filter((path) => existsSync(path))).toEqual([])
  })
})
