import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MachinesError, ShardingManager } from '../../../dist/index.js'
import { eventually, isAlive } from '../../support/eventually.js'
import { freePort } from '../../support/free-port.js'
import { pointOf, Testbed } from '../../support/testbed.js'

let bed: Testbed
beforeEach(() => {
  bed = new Testbed()
})
afterEach(() => bed.close())

const processes = { mode: 'processes', shards: { from: 0, to: 3 }, shardsPerInstance: 2 } as const
const workers = { mode: 'workers', shards: { from: 4, to: 7 }, shardsPerInstance: 2 } as const

async function twoMachines(): Promise<{ parent: ShardingManager; children: ShardingManager[] }> {
  const children = [await bed.child(), await bed.child()] as const
  const parent = bed.parent([pointOf(children[0], processes), pointOf(children[1], workers)])
  return { parent, children: [...children] }
}

function pids(manager: ShardingManager): Promise<number[]> {
  return manager.eval<number>(({ pid }) => pid)
}

describe('starting', () => {
  it('runs every shard once, with global ids and the global total', async () => {
    const { parent, children } = await twoMachines()
    await parent.start()
    const seen = await parent.eval<[number, number[], number, string]>(({ bot }) => [
      bot.id,
      bot.shards,
      bot.totalShards,
      bot.mode,
    ])
    expect(seen).toEqual([
      [0, [0, 1], 8, 'processes'],
      [1, [2, 3], 8, 'processes'],
      [2, [4, 5], 8, 'workers'],
      [3, [6, 7], 8, 'workers'],
    ])
    expect([...parent.instances.keys()]).toEqual([0, 1, 2, 3])
    expect([...parent.shards.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(parent.machines.map(({ phase, mode }) => [phase, mode])).toEqual([
      ['ready', 'processes'],
      ['ready', 'workers'],
    ])
    expect(children.map(({ instances }) => [...instances.keys()])).toEqual([
      [0, 1],
      [2, 3],
    ])
  })

  it('does not mind when the parent is started first', async () => {
    const early = await bed.child()
    const { address } = early
    await early.stop()
    const parent = bed.parent([pointOf({ address } as ShardingManager, processes)])
    const failed = once(parent as never, 'dialFailed')
    const started = parent.start()
    const [{ error, attempt }] = await failed
    expect([error.code, attempt]).toEqual(['DM_DIAL_FAILED', 1])
    await bed.child({ ipc: { networkHost: '127.0.0.1', networkPort: address?.port ?? 0 } })
    await started
    expect(parent.machines.first()?.phase).toBe('ready')
  })

  it('names the machine and instance that failed, and leaves the others running', async () => {
    const good = await bed.child()
    const bad = await bed.child()
    const failing = { ...workers, workers: { env: { BOT_DIES_ON: '3' } } }
    const parent = bed.parent([pointOf(good, processes), pointOf(bad, failing)])
    const error: MachinesError = await parent.start().then(
      () => Promise.reject(new Error('start() should have failed')),
      (thrown) => thrown,
    )
    expect(error.code).toBe('DM_START_FAILED')
    expect(error.message).toMatch(/^1 of 2 machines failed to start/)
    const [machine] = error.failures as MachinesError[]
    expect(machine?.machine).toBe(`127.0.0.1:${bad.address?.port}`)
    expect(machine?.failures).toMatchObject([{ instance: 3 }])
    const outcomes = await parent.evalSettled(({ bot }) => bot.id)
    expect(outcomes.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'offline'])
  })

  it('gives up on a machine that does not answer when told how long to wait', async () => {
    const silent = await bed.child()
    const { address } = silent
    await silent.stop()
    const good = await bed.child()
    const points = [pointOf({ address } as ShardingManager, processes), pointOf(good, workers)]
    const error = await bed
      .parent(points, { dialTimeoutMs: 1_500 })
      .start()
      .then(undefined, (thrown: MachinesError) => thrown)
    expect(error).toMatchObject({ code: 'DM_START_FAILED' })
    expect((error as MachinesError).failures?.[0]).toMatchObject({ code: 'DM_DIAL_TIMEOUT' })
  })

  it('ends with DM_START_ABORTED when it is stopped meanwhile', async () => {
    const child = await bed.child({}, { file: './test/fixtures/bots/never-ready.js' })
    const parent = bed.parent([pointOf(child, processes)])
    const spawned = once(parent as never, 'instanceSpawn')
    const started = parent.start().then(undefined, ({ code }: MachinesError) => code)
    await spawned
    await parent.stop()
    expect(await started).toBe('DM_START_ABORTED')
    expect(child.instances.size).toBe(0)
  })

  it('may be stopped before anything answers', async () => {
    const gone = await bed.child()
    const { address } = gone
    await gone.stop()
    const parent = bed.parent([pointOf({ address } as ShardingManager, processes)])
    const started = parent.start().then(undefined, ({ code }: MachinesError) => code)
    await parent.stop()
    expect(await started).toBe('DM_START_ABORTED')
  })

  it('happens once', async () => {
    const child = await bed.child()
    await expect(child.start()).rejects.toMatchObject({ code: 'DM_STATE' })
  })
})

describe('stopping', () => {
  it('ends every instance everywhere and leaves the children standing by', async () => {
    const { parent, children } = await twoMachines()
    await parent.start()
    const running = (await pids(parent)).filter((pid) => pid !== process.pid)
    expect(running).toHaveLength(2)
    await parent.stop()
    expect(running.filter(isAlive)).toEqual([])
    expect(children.map(({ instances }) => instances.size)).toEqual([0, 0])

    const next = bed.parent(
      children.map((child, index) => pointOf(child, index === 0 ? processes : workers)),
      { stateDir: parent.options.machines?.stateDir ?? '' },
    )
    await next.start()
    expect(next.instances.size).toBe(4)
  })

  it('ends the child as well when that is its policy', async () => {
    const child = await bed.child({ whenParentStops: 'exit' })
    const stopped = once(child as never, 'stop')
    const parent = bed.parent([pointOf(child, processes)])
    await parent.start()
    await parent.stop()
    await stopped
    expect(child.address).toBeUndefined()
  })

  it('of a child is told to its parent, which takes it back when it returns', async () => {
    const ipc = { networkHost: '127.0.0.1', networkPort: await freePort() }
    const child = await bed.child({ ipc })
    const parent = bed.parent([pointOf(child, processes)])
    await parent.start()
    await child.stop()
    await eventually(() => parent.machines.first()?.phase === 'stopped' || undefined, 'stopped')
    await bed.child({ ipc, stateDir: child.options.machines?.stateDir ?? '' })
    await eventually(() => parent.machines.first()?.phase === 'ready' || undefined, 'ready again')
    expect(await parent.eval(({ bot }) => bot.id)).toEqual([0, 1])
  })
})

describe('detaching', () => {
  it('leaves the bots running, and the next start takes them back as they are', async () => {
    const { parent, children } = await twoMachines()
    await parent.start()
    const before = await pids(parent)
    await parent.detach()
    expect(children.map(({ instances }) => instances.size)).toEqual([2, 2])

    const { points = [], stateDir = '' } = parent.options.machines ?? {}
    const next = bed.parent(points, { stateDir })
    await next.start()
    expect(await pids(next)).toEqual(before)
  })

  it('is refused where it makes no sense', async () => {
    const child = await bed.child()
    await expect(child.detach()).rejects.toMatchObject({ code: 'DM_NOT_IN_THIS_MODE' })
    expect(child.address).toBeDefined()
  })
})
