/** manager.restart() over two machines: the bot goes on, and a deploy that fails stops early. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ShardingManager } from '../../../dist/index.js'
import { pointOf, Testbed } from '../../support/testbed.js'

let bed: Testbed
let children: ShardingManager[]
let parent: ShardingManager
let failing: string
let log: string[]

beforeEach(async () => {
  bed = new Testbed()
  failing = join(bed.folder, 'failing')
  children = [await bed.child(), await bed.child()]
  const points = children.map((child, index) =>
    pointOf(child, {
      mode: 'processes',
      shards: { from: index * 2, to: index * 2 + 1 },
      processes: { env: { BOT_DIES_LISTED_IN: failing } },
    }),
  )
  parent = bed.parent(points)
  await parent.start()
  log = []
  parent.on('instanceExit', ({ id }) => log.push(`exit ${id}`))
  parent.on('instanceReady', ({ id }) => log.push(`ready ${id}`))
})
afterEach(() => bed.close())

function pids(manager: ShardingManager): Promise<number[]> {
  return manager.eval<number>(({ pid }) => pid)
}

const phases = (manager: ShardingManager): string[] =>
  [...manager.machines.values()].flatMap(({ instances }) => instances.map(({ phase }) => phase))

describe('a rolling restart of two machines', () => {
  it('replaces every instance, one after the other', async () => {
    const before = await pids(parent)
    await parent.restart()
    expect(log).toEqual([0, 1, 2, 3].flatMap((id) => [`exit ${id}`, `ready ${id}`]))
    const after = await pids(parent)
    expect(after).toHaveLength(4)
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
    expect(phases(parent)).toEqual(['ready', 'ready', 'ready', 'ready'])
  })

  it('of a child is about its own instances', async () => {
    const before = await pids(parent)
    await children[1]?.restart({ concurrency: 2 })
    const after = await pids(parent)
    expect(after.map((pid, id) => pid === before[id])).toEqual([true, true, false, false])
    await expect(children[1]?.restart({ to: 0 })).rejects.toMatchObject({
      code: 'DM_TARGET_UNKNOWN',
    })
  })

  it('stops at the first that fails, whose crash loop shows until restart()', async () => {
    const before = await pids(parent)
    writeFileSync(failing, '1,2')
    const looped: number[] = []
    parent.on('crashLoop', ({ id }) => looped.push(id))
    await expect(parent.restart()).rejects.toMatchObject({
      code: 'DM_INSTANCE_CRASH_LOOP',
      instance: 1,
    })
    expect(looped).toEqual([1])
    expect(phases(parent)).toEqual(['ready', 'crash-loop', 'ready', 'ready'])
    expect(phases(children[0] ?? parent)).toEqual(['ready', 'crash-loop'])
    const rest = await parent.eval<number>(({ pid }) => pid, { to: [2, 3] })
    expect(rest).toEqual(before.slice(2))

    writeFileSync(failing, '')
    await parent.instances.get(1)?.restart()
    expect(phases(parent)).toEqual(['ready', 'ready', 'ready', 'ready'])
    expect(phases(children[0] ?? parent)).toEqual(['ready', 'ready'])
  })

  it('is refused before start() and while another goes on', async () => {
    const other = bed.parent([{ host: '127.0.0.1', port: 1, shards: 1 }])
    await expect(other.restart()).rejects.toMatchObject({ code: 'DM_STATE' })
    const first = parent.restart({ to: 0 })
    await expect(parent.restart()).rejects.toMatchObject({ code: 'DM_STATE' })
    await first
  })
})
