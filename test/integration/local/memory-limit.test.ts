/** An instance that takes more memory than maxMemoryMb is restarted gracefully, and says so. */
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ShardingManager, ShardingManagerEvents } from '../../../dist/index.js'
import { eventually } from '../../support/eventually.js'
import { nativeBot, pointOf, Testbed } from '../../support/testbed.js'

/** Far above what the bot takes by itself, in whatever mode. */
const maxMemoryMb = 160

let bed: Testbed
beforeEach(() => {
  bed = new Testbed()
})
afterEach(() => bed.close())

function next<E extends keyof ShardingManagerEvents>(
  manager: ShardingManager,
  event: E,
): Promise<Parameters<ShardingManagerEvents[E]>> {
  return once(manager as never, event) as never
}

/** Has the bot of instance 1 keep 200 MiB, and both remember who they are. */
async function fill(manager: ShardingManager): Promise<void> {
  await manager.eval(({ bot }) => {
    Reflect.set(globalThis, 'kept', bot.id === 1 ? Buffer.alloc(200 * 2 ** 20, 1) : 'small')
  })
}

const hasKept = (manager: ShardingManager): Promise<boolean[]> =>
  manager.eval(() => Reflect.has(globalThis, 'kept'))

const statusOf = (manager: ShardingManager, id: number) =>
  manager.machines.first()?.instances.find((instance) => instance.id === id)

describe.each(['processes', 'workers'] as const)('in %s, an instance above the limit', (mode) => {
  it('is asked to stop and comes back, and the other is left alone', async () => {
    const options = { file: nativeBot, shards: 2, output: 'ignore', respawn: false } as const
    const manager = bed.make({ mode, ...options, maxMemoryMb })
    await manager.start()
    const exits: unknown[] = []
    manager.on('instanceExit', ({ id }, exit) => exits.push([id, exit]))
    await eventually(() => statusOf(manager, 1)?.memoryMb, 'a first report of memory')
    const told = next(manager, 'instanceMemory')
    const back = next(manager, 'instanceReady')
    await fill(manager)
    const [instance, memory] = await told
    expect([instance.id, memory.limitMb]).toEqual([1, maxMemoryMb])
    expect(memory.memoryMb).toBeGreaterThan(200)
    await back
    expect(exits).toEqual([[1, { code: 0, signal: null }]])
    expect(await hasKept(manager)).toEqual([true, false])
    expect(statusOf(manager, 1)).toMatchObject({ phase: 'ready', respawns: 1 })
    expect(statusOf(manager, 0)).toMatchObject({ phase: 'ready', respawns: 0 })
    const now = await eventually(() => statusOf(manager, 1)?.memoryMb, 'its memory')
    expect(now).toBeLessThan(maxMemoryMb)
  })
})

describe('on another machine', () => {
  it('the limit comes from the parent, which sees memory and restart', async () => {
    const child = await bed.child()
    const push = { mode: 'processes', shards: 2, maxMemoryMb } as const
    const parent = bed.parent([pointOf(child, push)])
    await parent.start()
    await eventually(() => statusOf(parent, 1)?.memoryMb, 'a first report of memory')
    const told = next(parent, 'instanceMemory')
    const back = next(parent, 'instanceReady')
    await fill(parent)
    expect((await told)[1].limitMb).toBe(maxMemoryMb)
    await back
    expect(await hasKept(parent)).toEqual([true, false])
    expect(statusOf(parent, 1)).toMatchObject({ phase: 'ready', respawns: 1 })
  })
})
