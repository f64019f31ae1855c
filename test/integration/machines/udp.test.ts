/** Parent and child over UDP, through the public class. */
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ShardingManager } from '../../../dist/index.js'
import { Project } from '../../support/manager-process.js'
import { nativeBot, pointOf, Testbed } from '../../support/testbed.js'
import { udpRelay } from '../../support/udp-relay.js'
import { seededRandom } from '../../support/virtual-system.js'

const done: (() => unknown)[] = []
let bed: Testbed
beforeEach(() => {
  bed = new Testbed()
})
afterEach(async () => {
  await bed.close()
  for (const undo of done.splice(0)) await undo()
})

const workers = { mode: 'workers', shards: { from: 0, to: 1 } } as const
const others = { mode: 'workers', shards: { from: 2, to: 3 } } as const
const udp4 = { udp: 'udp4' } as const

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

function addressOf(manager: ShardingManager): { host: string; port: number } {
  if (!manager.address) throw new Error('the child does not listen')
  return manager.address
}

describe('machines over UDP', () => {
  it('talk to machines over TCP, large answers included', async () => {
    const [overUdp, overTcp] = [await bed.child(), await bed.child()]
    const points = [pointOf(overUdp, workers, udp4), pointOf(overTcp, others)]
    const parent = bed.parent(points)
    await parent.start()
    expect(await parent.eval(({ bot }) => bot.shards)).toEqual([[0], [1], [2], [3]])
    const seenBy = await parent.eval<number>(async ({ bot }) => {
      type Context = { bot: { id: number } }
      const answers = await bot.eval((context: Context) => 'x'.repeat(500_000 + context.bot.id))
      return answers.join('').length
    })
    expect(seenBy).toEqual(Array(4).fill(2_000_006))
  })

  it('are taken back by a parent that returns over the other carrier', async () => {
    const child = await bed.child({}, { file: nativeBot })
    const parent = bed.parent([pointOf(child, workers, udp4)])
    await parent.start()
    const before = await parent.eval(() => process.pid)
    await parent.detach()
    const { stateDir = '' } = parent.options.machines ?? {}
    const next = bed.parent([pointOf(child, workers)], { stateDir })
    await next.start()
    expect(await next.eval(() => process.pid)).toEqual(before)
    expect(child.instances.size).toBe(2)
  })

  it('hold their links where packets get lost, repeated and reordered', async () => {
    const child = await bed.child()
    const faults = { random: seededRandom(11), lose: 0.05, repeat: 0.05, delay: 0.1 }
    const relay = await udpRelay(addressOf(child), faults)
    done.push(() => relay.close())
    const parent = bed.parent([{ ...pointOf(child, workers, udp4), ...relay.address }])
    await parent.start()
    for (let round = 0; round < 20; round += 1) {
      expect(await parent.eval(({ bot }) => bot.id)).toEqual([0, 1])
    }
    expect(relay.lost).toBeGreaterThan(0)
  })

  it.runIf(hasIPv6)(
    'are reached over IPv4 and IPv6 where they listen on every address',
    async () => {
      const child = await bed.child({ ipc: { networkHost: '::', networkPort: 0 } })
      const { port } = addressOf(child)
      for (const [udp, host] of [
        ['udp4', '127.0.0.1'],
        ['udp6', '::1'],
      ] as const) {
        const point = { udp, host, port, childManagerOptions: workers }
        const parent = bed.parent([point], { stateDir: join(bed.folder, 'of-the-parent') })
        await parent.start()
        expect(await parent.eval(({ bot }) => bot.id)).toEqual([0, 1])
        await parent.stop()
      }
    },
  )

  it('say why when the child listens for TCP alone', async () => {
    const child = await bed.child({ ipc: { networkHost: '127.0.0.1', networkPort: 0, udp: false } })
    const parent = bed.parent([pointOf(child, workers, udp4)])
    const failed = once(parent as never, 'dialFailed')
    const started = parent.start().catch(({ code }) => code)
    const [{ error }] = await failed
    expect(error).toMatchObject({
      code: 'DM_DIAL_FAILED',
      message: expect.stringContaining('nothing listens there'),
    })
    await parent.stop()
    expect(await started).toBe('DM_START_ABORTED')
  })

  it('leave nothing behind that keeps a process alive', async () => {
    const project = await Project.create()
    done.push(() => project.remove())
    await project.write(
      'both.mjs',
      `
      import { ShardingManager } from 'discordoo-machines'
      const common = { mode: 'machines', signals: 'ignore' }
      const child = await new ShardingManager({
        ...common,
        file: ${JSON.stringify(nativeBot)},
        machines: { me: 'child', stateDir: 'child', ipc: { networkHost: '127.0.0.1', networkPort: 0, udp: true } },
      }).start()
      const childManagerOptions = { mode: 'workers', shards: 1 }
      const parent = await new ShardingManager({
        ...common,
        machines: {
          me: 'parent',
          stateDir: 'parent',
          points: [{ ...child.address, udp: 'udp4', childManagerOptions }],
        },
      }).start()
      console.log('answers', await parent.eval(({ bot }) => bot.id))
      await parent.stop()
      await child.stop()
      console.log('stopped')
      `,
    )
    const running = await project.run('both.mjs')
    expect(await running.exited).toBe(0)
    expect(running.output).toMatch(/answers \[ 0 \]\nstopped/)
  })
})
