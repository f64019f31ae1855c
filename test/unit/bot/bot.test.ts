import { describe, expect, it } from 'vitest'
import type { ReceivedMessage } from '../../../src/bot/bot.js'
import { Bot } from '../../../src/bot/bot.js'
import type { InstanceRuntime } from '../../../src/bot/instance-runtime.js'
import { runtimeSymbol } from '../../../src/bot/instance-runtime.js'
import { createLoneRuntime } from '../../../src/bot/lone-runtime.js'
import type { Globals } from '../../../src/bot/obtain-bot.js'
import { obtainBot } from '../../../src/bot/obtain-bot.js'
import type { NewTalk } from '../../../src/bot/talk.js'
import { Talk } from '../../../src/bot/talk.js'
import { MachinesError } from '../../../src/errors.js'
import { encodeBody } from '../../../src/routing/body-codec.js'
import { Verb } from '../../../src/routing/envelope.js'
import { decodeHeader, encodeEnvelope } from '../../../src/routing/envelope-codec.js'
import { realSystem } from '../../../src/system/system.js'
import { VirtualSystem } from '../../support/virtual-system.js'

const newTalk: NewTalk = (options) => new Talk(options)

function loneBot(): Bot {
  return obtainBot({}, realSystem, newTalk)
}

/** A runtime as the preload leaves it, with what the bot did to it. */
class FakeRuntime implements InstanceRuntime {
  readonly version = 1
  readonly identity: InstanceRuntime['identity'] = {
    version: 1,
    instance: 5,
    shards: '10-11,14',
    totalShards: 16,
    machine: 'eu',
    mode: 'workers',
    callTimeoutMs: 1_000,
  }
  readyCalls = 0
  flushes = 0
  readonly sent: Uint8Array[] = []
  managerAlive = true
  handlers: Parameters<InstanceRuntime['attach']>[0] | undefined

  ready(): void {
    this.readyCalls += 1
  }

  sendEnvelope(envelope: Uint8Array): boolean {
    this.sent.push(envelope)
    return this.managerAlive
  }

  flushed(): Promise<void> {
    this.flushes += 1
    return Promise.resolve()
  }

  attach(handlers: Parameters<InstanceRuntime['attach']>[0]): void {
    expect(this.handlers).toBeUndefined()
    this.handlers = handlers
  }
}

function managed(): { readonly runtime: FakeRuntime; readonly bot: Bot } {
  const runtime = new FakeRuntime()
  return { runtime, bot: obtainBot({ [runtimeSymbol]: runtime }, realSystem, newTalk) }
}

describe('without a manager', () => {
  it('is a lone instance with the only shard', async () => {
    const { managed: isManaged, id, shards, totalShards, machine, mode } = loneBot()
    expect({ isManaged, id, shards, totalShards, machine, mode }).toEqual({
      isManaged: false,
      id: 0,
      shards: [0],
      totalShards: 1,
      machine: 'local',
      mode: 'none',
    })
    expect(() => loneBot().ready()).not.toThrow()
    await expect(loneBot().flushed()).resolves.toBeUndefined()
  })

  it('evaluates on itself, with what was exposed', async () => {
    const bot = loneBot()
    bot.expose({ client: { guilds: { cache: new Map([['1', 'a']]) } } })
    expect(await bot.eval<number>(({ client }) => client.guilds.cache.size)).toEqual([1])
    expect(await bot.eval('return context.n + 1', { context: { n: 1 } })).toEqual([2])
    expect(await bot.eval(({ client }) => client, { context: { client: 'x' } })).toEqual([
      { guilds: { cache: new Map([['1', 'a']]) } },
    ])
    expect(await bot.evalSettled(() => 1)).toEqual([
      { instance: 0, machine: 'local', shards: [0], status: 'ok', value: 1 },
    ])
  })

  it('answers its own requests', async () => {
    const bot = loneBot()
    const remove = bot.handle('add', ({ a, b }: { a: number; b: number }) => a + b)
    expect(await bot.request<number>('add', { a: 1, b: 2 })).toEqual([3])
    expect(() => bot.handle('add', () => 0)).toThrow(expect.objectContaining({ code: 'DM_STATE' }))
    remove()
    expect(await bot.requestSettled('add')).toMatchObject([
      { error: { code: 'DM_HANDLER_UNKNOWN' } },
    ])
  })

  it('gets its own messages, in a later turn', async () => {
    const bot = loneBot()
    const got = new Promise<ReceivedMessage>((resolve) => bot.once('message', resolve))
    let sending = true
    bot.once('message', () => expect(sending).toBe(false))
    bot.send({ hello: new Date(0) })
    sending = false
    expect(await got).toEqual({
      message: { hello: new Date(0) },
      from: { instance: 0, machine: 'local' },
    })
  })

  it('reports messages to nobody', async () => {
    const bot = loneBot()
    const report = new Promise((resolve) => bot.on('undelivered', resolve))
    const messageId = bot.send('x', { to: 1 })
    expect(await report).toMatchObject({
      messageId,
      instances: [],
      reason: { code: 'DM_TARGET_UNKNOWN' },
    })
  })

  it('ends calls at their deadline', async () => {
    const bot = loneBot()
    bot.handle('never', () => new Promise(() => {}))
    const [outcome] = await bot.requestSettled('never', null, { timeoutMs: 20 })
    expect(outcome).toMatchObject({ status: 'timeout', error: { code: 'DM_TIMEOUT' } })
  })
})

describe('inside an instance', () => {
  it('takes its identity from the runtime', () => {
    const { bot, runtime } = managed()
    const { managed: isManaged, id, shards, totalShards, machine, mode } = bot
    expect({ isManaged, id, shards, totalShards, machine, mode }).toEqual({
      isManaged: true,
      id: 5,
      shards: [10, 11, 14],
      totalShards: 16,
      machine: 'eu',
      mode: 'workers',
    })
    bot.ready()
    expect(runtime.readyCalls).toBe(1)
    void bot.flushed()
    expect(runtime.flushes).toBe(1)
  })

  it('is one bot for every copy of the package', () => {
    const globals: Globals = { [runtimeSymbol]: new FakeRuntime() }
    expect(obtainBot(globals, realSystem, newTalk)).toBe(obtainBot(globals, realSystem, newTalk))
  })

  it('starts without the code that talks, and makes it once', () => {
    const runtime = new FakeRuntime()
    let made = 0
    const bot = obtainBot({ [runtimeSymbol]: runtime }, realSystem, (options) => {
      made += 1
      return new Talk(options)
    })
    bot.on('message', () => {})
    bot.expose({ client: {} })
    bot.handle('name', () => {})
    bot.ready()
    expect(made).toBe(0)
    bot.send('first')
    bot.send('second')
    expect(made).toBe(1)
    expect(runtime.sent).toHaveLength(2)
  })

  it('has the code that talks a second later, if it has not said a word by then', async () => {
    const system = new VirtualSystem()
    let made = 0
    obtainBot({ [runtimeSymbol]: new FakeRuntime() }, system, (options) => {
      made += 1
      return new Talk(options)
    })
    await system.advance(999)
    expect(made).toBe(0)
    await system.advance(1)
    expect(made).toBe(1)
  })

  it('refuses a manager of another version by name', () => {
    const globals: Globals = { [runtimeSymbol]: { version: 2 } }
    expect(() => obtainBot(globals, realSystem, newTalk)).toThrow(
      /another version of discordoo-machines/,
    )
  })

  it('says when the manager is gone', async () => {
    const { bot, runtime } = managed()
    runtime.managerAlive = false
    await expect(bot.eval(() => 1)).rejects.toMatchObject({ code: 'DM_MANAGER_LOST' })
    const report = new Promise((resolve) => bot.once('undelivered', resolve))
    bot.send('x')
    expect(await report).toMatchObject({ reason: { code: 'DM_MANAGER_LOST' } })
  })

  it('warns of envelopes and messages that cannot be read, and lives on', async () => {
    const { runtime } = managed()
    const warnings: unknown[] = []
    const listener = (warning: unknown) => warnings.push(warning)
    process.on('warning', listener)
    const header = {
      kind: 1,
      verb: Verb.MESSAGE,
      status: 0,
      requestId: 1,
      source: 1,
      budgetMs: 0,
      questions: 0,
      target: { kind: 'delivered', machine: 'eu' },
    } as const
    runtime.handlers?.envelope(Uint8Array.of(1, 2, 3))
    runtime.handlers?.envelope(encodeEnvelope(header, Uint8Array.of(99)))
    await new Promise(setImmediate)
    process.off('warning', listener)
    expect(warnings).toMatchObject([{ code: 'DM_ENVELOPE_INVALID' }, { code: 'DM_BODY_INVALID' }])
    expect(warnings.every((warning) => warning instanceof MachinesError)).toBe(true)
  })

  it('waits for every stopping listener, and can still send goodbye', async () => {
    const { bot, runtime } = managed()
    const order: string[] = []
    bot.on('stopping', async ({ reason, timeoutMs }) => {
      await new Promise(setImmediate)
      bot.send(`goodbye, ${reason}`)
      order.push(`first ${timeoutMs}`)
    })
    bot.on('stopping', () => {
      order.push('second')
      throw new Error('a goodbye that fails')
    })
    bot.on('stopping', () => Promise.reject(new Error('another')))
    await runtime.handlers?.stop({ reason: 'restart', timeoutMs: 500 })
    expect(order).toEqual(['second', 'first 500'])
    expect(decodeHeader(runtime.sent[0] ?? new Uint8Array(0)).verb).toBe(Verb.MESSAGE)
  })

  it('an answer nobody waits for does no harm', () => {
    const { runtime } = managed()
    const header = {
      kind: 3,
      verb: Verb.EVAL,
      status: 1,
      requestId: 1,
      source: 1,
      budgetMs: 0,
      questions: 1,
      target: { kind: 'endpoint', endpoint: 5 },
    } as const
    const late = encodeEnvelope(header, encodeBody(1, 'x'))
    expect(() => runtime.handlers?.envelope(late)).not.toThrow()
  })
})

describe('listeners', () => {
  it('off undoes one registration, once fires once', async () => {
    const bot = new Bot(createLoneRuntime(realSystem), false, realSystem, newTalk)
    const got: string[] = []
    const a = () => got.push('a')
    const last = () => new Promise<void>((resolve) => bot.once('message', () => resolve()))
    bot
      .on('message', a)
      .on('message', a)
      .once('message', () => got.push('once'))
      .off('message', a)
    for (let i = 0; i < 2; i += 1) {
      const done = last()
      bot.send(i)
      await done
    }
    bot.off('message', a).off('message', a)
    const done = last()
    bot.send('unheard')
    await done
    expect(got).toEqual(['a', 'once', 'a'])
  })
})
