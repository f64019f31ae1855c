/** A bot that falls comes back, and a bot that keeps falling does not burn what is left. */
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ShardingManager, ShardingManagerEvents } from '../../../dist/index.js'
import { isAlive } from '../../support/eventually.js'
import { nativeBot, Testbed } from '../../support/testbed.js'

let bed: Testbed
let manager: ShardingManager
let events: string[]

beforeEach(() => {
  bed = new Testbed()
  events = []
})
afterEach(() => bed.close())

async function start(respawn: object): Promise<void> {
  manager = bed.make({
    mode: 'processes',
    file: nativeBot,
    shards: 2,
    output: 'ignore',
    respawn: { delayMs: 20, delayMsMax: 40, ...respawn },
  })
  await manager.start()
  manager.on('instanceExit', ({ id }, { code, signal }) =>
    events.push(`exit ${id} ${code ?? signal}`),
  )
  manager.on('instanceRespawn', ({ id }, delayMs) => events.push(`respawn ${id} ${typeof delayMs}`))
  manager.on('instanceReady', ({ id }) => events.push(`ready ${id}`))
  manager.on('crashLoop', ({ id }, exits) => events.push(`crash loop ${id} after ${exits}`))
}

/** Resolves with the next event of this name. */
function next(event: keyof ShardingManagerEvents): Promise<void> {
  return new Promise((resolve) => manager.once(event, () => resolve()))
}

/** Ends the process of an instance as the system would when memory runs out; the pid it had. */
async function killNine(instance: number): Promise<number> {
  const [found = 0] = await manager.eval<number>(({ pid }) => pid, { to: instance })
  process.kill(found, 'SIGKILL')
  return found
}

describe('an instance that is killed with kill -9', () => {
  it('is started again, while the other runs on', async () => {
    await start({ attemptsMax: 5 })
    const [other] = await manager.eval(({ pid }) => pid, { to: 0 })
    const back = next('instanceReady')
    const before = await killNine(1)
    await back
    expect(events).toEqual(['exit 1 SIGKILL', 'respawn 1 number', 'ready 1'])
    expect(isAlive(before)).toBe(false)
    const [same, after] = await manager.eval<number>(({ pid }) => pid)
    expect(same).toBe(other)
    expect(after).not.toBe(before)
    const status = manager.machines.get('local')?.instances[1]
    expect(status).toMatchObject({ phase: 'ready', respawns: 1, pid: after })
  })

  it('stays down after attemptsMax exits in a row, until recreate()', async () => {
    await start({ attemptsMax: 2 })
    const back = next('instanceReady')
    await killNine(1)
    await back
    const looped = next('crashLoop')
    await killNine(1)
    await looped
    expect(events.slice(-2)).toEqual(['exit 1 SIGKILL', 'crash loop 1 after 2'])
    expect(manager.machines.get('local')?.instances[1]).toMatchObject({ phase: 'crash-loop' })
    const outcomes = await manager.evalSettled(({ bot }) => bot.id)
    expect(outcomes.map(({ status }) => status)).toEqual(['ok', 'offline'])

    await manager.instances.get(1)?.recreate()
    expect(await manager.eval(({ bot }) => bot.id)).toEqual([0, 1])
    const again = next('instanceReady')
    await killNine(1)
    await again
    expect(events.slice(-3)).toEqual(['exit 1 SIGKILL', 'respawn 1 number', 'ready 1'])
  })

  it('stays down at once where respawn is off', async () => {
    manager = bed.make({
      mode: 'processes',
      file: nativeBot,
      shards: 1,
      output: 'ignore',
      respawn: false,
    })
    await manager.start()
    const stopped = next('instanceStop')
    await killNine(0)
    await stopped
    expect(manager.instances.get(0)?.running).toBe(false)
    expect(manager.machines.get('local')?.instances[0]).toMatchObject({ phase: 'stopped' })
  })
})

describe('an instance that falls when the session starts of the day are used up', () => {
  it('is held down, says so, and comes back with restart()', async () => {
    await start({ identifiesPerDayMax: 2 })
    const warned = once(manager as never, 'warning')
    await killNine(1)
    expect((await warned)[0]).toMatchObject({ code: 'DM_RESPAWN_HELD', instance: 1 })
    const held = { phase: 'backoff', isHeld: true, pid: undefined }
    expect(manager.machines.get('local')?.instances[1]).toMatchObject(held)
    expect(await manager.eval(({ bot }) => bot.id, { to: 0 })).toEqual([0])
    await manager.instances.get(1)?.restart()
    expect(await manager.eval(({ bot }) => bot.id)).toEqual([0, 1])
    const ready = { phase: 'ready', isHeld: false, respawns: 0 }
    expect(manager.machines.get('local')?.instances[1]).toMatchObject(ready)
  })
})

describe('a bot that never comes up', () => {
  it('fails start() with what became of each instance, and leaves the others running', async () => {
    const failed: string[] = []
    manager = bed.make({
      mode: 'processes',
      file: nativeBot,
      shards: 3,
      output: 'ignore',
      respawn: { delayMs: 20, attemptsMax: 2 },
      processes: { env: { BOT_DIES_ON: '1' } },
    })
    manager.on('instanceStartFailed', ({ id }, error) => failed.push(`${id} ${error.code}`))
    const started = manager.start()
    await expect(started).rejects.toThrow('1 of 3 instances of local did not start')
    await expect(started).rejects.toMatchObject({
      code: 'DM_START_FAILED',
      failures: [{ code: 'DM_INSTANCE_CRASH_LOOP', instance: 1 }],
    })
    expect(failed).toEqual(['1 DM_INSTANCE_CRASH_LOOP'])
    expect(await manager.eval(({ bot }) => bot.id, { to: [0, 2] })).toEqual([0, 2])
  })
})
