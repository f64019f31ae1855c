import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MachinesError, ShardingManager } from '../../../dist/index.js'
import { eventually } from '../../support/eventually.js'
import { pointOf, Testbed } from '../../support/testbed.js'

let bed: Testbed
let parent: ShardingManager
let second: ShardingManager
let names: { first: string; second: string }

beforeAll(async () => {
  bed = new Testbed()
  const first = await bed.child()
  second = await bed.child({ accept: { eval: false } })
  names = {
    first: `127.0.0.1:${first.address?.port}`,
    second: `127.0.0.1:${second.address?.port}`,
  }
  parent = bed.parent([
    pointOf(first, { mode: 'processes', shards: { from: 0, to: 3 }, shardsPerInstance: 2 }),
    pointOf(second, { mode: 'workers', shards: { from: 4, to: 7 }, shardsPerInstance: 2 }),
  ])
  await parent.start()
})
afterAll(() => bed.close())

describe('a call from the parent', () => {
  it.each([
    ['all', 'all', [0, 1, 2, 3]],
    ['one instance', 2, [2]],
    ['a list', [3, 0], [0, 3]],
    ['a range of instances', { instance: { from: 1, to: 2 } }, [1, 2]],
    ['a shard', { shard: 5 }, [2]],
    ['shards of one instance, asked once', { shard: [0, 1] }, [0]],
    ['a guild', { guild: (6n << 22n) + 5n }, [3]],
  ] as const)('reaches %s', async (_name, to, ids) => {
    const answers = await parent.request<{ id: number }>('whoami', 'x', { to })
    expect(answers.map(({ id }) => id)).toEqual(ids)
  })

  it('reaches a machine, and outcomes name machine, instance and shards', async () => {
    const outcomes = await parent.requestSettled('whoami', 1, { to: { machine: names.second } })
    expect(outcomes).toMatchObject([
      { status: 'ok', machine: names.second, instance: 2, shards: [4, 5] },
      { status: 'ok', machine: names.second, instance: 3, shards: [6, 7] },
    ])
  })

  it('is refused when nobody is meant', async () => {
    const asked = parent.eval('return 1', { to: { shard: 8 } })
    await expect(asked).rejects.toMatchObject({ code: 'DM_TARGET_UNKNOWN' })
  })

  it('brings back what the handler threw', async () => {
    const [outcome] = await parent.requestSettled('fail', null, { to: 0 })
    expect(outcome).toMatchObject({ status: 'error', error: { code: 'DM_REMOTE' } })
    const { cause } = (outcome as { error: MachinesError }).error
    expect(cause).toMatchObject({ name: 'RangeError', message: 'out of range on purpose' })
  })

  it('keeps an eval out of a machine that accepts none from outside, and out of that alone', async () => {
    const outcomes = await parent.evalSettled(({ bot }) => bot.id)
    expect(outcomes.map(({ status }) => status)).toEqual(['ok', 'ok', 'error', 'error'])
    expect(outcomes[2]).toMatchObject({ error: { code: 'DM_EVAL_REFUSED' } })
    expect(await second.eval(({ bot }) => bot.id, { to: { machine: names.second } })).toEqual([
      2, 3,
    ])
  })
})

describe('a call from a bot', () => {
  it('crosses machines and names its asker', async () => {
    const [answers] = await parent.eval<unknown[]>(
      ({ bot }) => bot.request('whoami', { deep: [1n] }, { to: { shard: [2, 7] } }),
      { to: 0 },
    )
    const asker = { instance: 0, machine: names.first }
    expect(answers).toEqual([
      { id: 1, payload: { deep: [1n] }, asker },
      { id: 3, payload: { deep: [1n] }, asker },
    ])
  })

  it('sends messages to the other machine, in order', async () => {
    await parent.eval(
      ({ bot }) => {
        for (let number = 0; number < 500; number += 1) bot.send({ number }, { to: 3 })
      },
      { to: 0 },
    )
    const numbers = await eventually(async () => {
      const [got] = await second.eval<number[]>(
        ({ inbox }) => inbox.map(({ message }: { message: { number: number } }) => message.number),
        { to: 3 },
      )
      return got?.length === 500 ? got : undefined
    }, '500 messages')
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, number) => number))
  })
})

describe('the handle of an instance on another machine', () => {
  it('evaluates where it says', async () => {
    const instance = parent.instances.get(1)
    expect(await instance?.eval(({ bot }) => bot.id)).toEqual([1])
    expect(await instance?.eval(({ bot }) => bot.id, { instance: [0, 1] })).toEqual([0, 1])
    expect(instance?.running).toBe(true)
  })

  it('kills, keeps down, and creates again', async () => {
    const instance = parent.instances.get(0)
    const [before] = (await instance?.eval<number>(({ pid }) => pid)) ?? []
    await instance?.kill()
    expect(instance?.running).toBe(false)
    const [outcome] = await parent.evalSettled(({ bot }) => bot.id, { to: 0 })
    expect(outcome?.status).toBe('offline')
    await instance?.create()
    const [after] = (await instance?.eval<number>(({ pid }) => pid)) ?? []
    expect(after).not.toBe(before)
    expect(instance?.running).toBe(true)
  })
})

describe('an instance that was stopped by SIGSTOP', () => {
  it('costs only its own outcome', async () => {
    const [found = 0] = await parent.eval<number>(({ pid }) => pid, { to: 1 })
    process.kill(found, 'SIGSTOP')
    try {
      const outcomes = await parent.requestSettled('whoami', 0, { timeoutMs: 700 })
      expect(outcomes.map(({ status }) => status)).toEqual(['ok', 'timeout', 'ok', 'ok'])
      expect(outcomes[1]).toMatchObject({ instance: 1, machine: names.first, shards: [2, 3] })
    } finally {
      process.kill(found, 'SIGCONT')
    }
  })
})
