/**
 * The real discord.js, without a network: its client on one side, our dialect and the preload on the
 * other, and in between what Node would carry, as JSON.
 */
import { Client, type GatewayIntentBits } from 'discord.js'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runtimeSymbol } from '../../../src/bot/instance-runtime.js'
import { PreloadRuntime } from '../../../src/bot/preload-runtime.js'
import { InstanceOp, ManagerOp } from '../../../src/instances/channel/instance-channel.js'
import type { BotIpc, DialectSpec } from '../../../src/instances/dialects/dialect.js'
import { DialectDesk } from '../../../src/instances/dialects/dialect-desk.js'
import { discordJsDialect } from '../../../src/instances/dialects/discordjs/discordjs-dialect.js'
import { discordJsEnv } from '../../../src/instances/dialects/discordjs/discordjs-env.js'
import { InstanceInbox } from '../../../src/modes/local/instance-inbox.js'
import { parentEndpoint } from '../../../src/routing/endpoint.js'
import { Router } from '../../../src/routing/router.js'
import { Topology } from '../../../src/routing/topology.js'
import { FakeChannel } from '../../support/fake-channel.js'
import { VirtualSystem } from '../../support/virtual-system.js'

const spec: DialectSpec = {
  instance: 0,
  shards: [0, 1],
  totalShards: 2,
  mode: 'processes',
  managerIpcId: '1',
  instanceIpcId: '2',
}

const machine = 'eu'
const { instance, shards, totalShards, mode } = spec
const identity = {
  version: 1,
  instance,
  shards: '0-1',
  totalShards,
  machine,
  mode,
  callTimeoutMs: 1_000,
} as const

/** Everything between one bot and itself: its manager, with one instance. */
class World {
  readonly log: string[] = []
  readonly warnings: string[] = []
  readonly managerMessages: unknown[] = []
  readonly channel = new FakeChannel()
  readonly system = new VirtualSystem()
  readonly ipc: BotIpc = {
    onMessage() {},
    send: (message) => {
      const heard: unknown = JSON.parse(JSON.stringify(message))
      for (const listener of botListeners()) listener(heard, undefined)
      return true
    },
  }
  readonly runtime = new PreloadRuntime(identity, this.channel, {
    system: this.system,
    exit: (code) => this.log.push(`exit ${code}`),
    raiseTerm: () => false,
    warn: ({ message }) => this.warnings.push(message),
    afterTurn: (action) => void this.system.setTimer(0, action),
    onContinue() {},
  })
  readonly #router: Router

  constructor() {
    const desk = this.#createDesk()
    const inbox = new InstanceInbox(desk, (envelope) => {
      this.channel.receive(ManagerOp.ENVELOPE, envelope)
      return true
    })
    this.#recognised = () => inbox.release()
    this.#router = new Router({
      self: parentEndpoint,
      machine: 0,
      hops: {
        // As with a real channel, nothing arrives while it is still being sent.
        local: () => (envelope) => {
          queueMicrotask(() => inbox.deliver(envelope))
          return true
        },
        machine: () => undefined,
        manager: () => undefined,
      },
      deliver() {},
      clock: this.system,
      onMail: (envelope) => this.managerMessages.push(Buffer.from(envelope).toString('latin1')),
    })
    const plan = { index: 0, machine, instances: [{ id: instance, shards }] }
    this.#router.setTopology(Topology.fromPlan({ totalShards, machines: [plan] }))
    const send = this.channel.send.bind(this.channel)
    this.channel.send = (op, payload) => {
      if (op === InstanceOp.ENVELOPE && payload) this.#router.fromLocal(instance, payload)
      return send(op, payload)
    }
  }

  #recognised = () => {}

  #createDesk(): DialectDesk {
    return new DialectDesk({
      spec,
      system: this.system,
      ipc: this.ipc,
      candidates: { 'discord.js': discordJsDialect },
      callTimeoutMs: 1_000,
      instanceCount: () => 1,
      hasShard: () => true,
      send: (envelope) => {
        this.#router.fromLocal(instance, envelope)
        return true
      },
      events: {
        recognised: () => this.#recognised(),
        ready: () => this.log.push('ready'),
        failed: ({ code }) => this.log.push(code),
        gateway: (state) => this.log.push(state),
        undelivered: ({ reason }) => this.log.push(reason.code),
        warning: ({ message }) => this.warnings.push(message),
      },
    })
  }
}

/** Listeners of the test runner, whose process this is. */
const own = new Set(process.listeners('message'))

/** What the client has registered: it hears nothing of the runner, nor the runner of it. */
function botListeners() {
  return process.listeners('message').filter((listener) => !own.has(listener))
}

const originalSend = Object.getOwnPropertyDescriptor(process, 'send')
// Only the first client of a process speaks with a manager, so all tests share it.
for (const [name, value] of Object.entries(discordJsEnv(spec))) vi.stubEnv(name, value)
const intents: GatewayIntentBits[] = []
const client = new Client({ intents })
vi.unstubAllEnvs()

let world: World

beforeEach(() => {
  world = new World()
  const current = world
  process.send = (message: unknown, ...rest: readonly unknown[]) => {
    const heard: unknown = JSON.parse(JSON.stringify(message))
    const done = rest.at(-1)
    queueMicrotask(() => current.ipc.onMessage(heard))
    if (typeof done === 'function') queueMicrotask(() => done(null))
    return true
  }
  Object.defineProperty(globalThis, runtimeSymbol, { value: world.runtime, configurable: true })
})

afterEach(() => {
  if (originalSend === undefined) Reflect.deleteProperty(process, 'send')
  else Object.defineProperty(process, 'send', originalSend)
  Reflect.deleteProperty(globalThis, runtimeSymbol)
  expect(world.warnings).toEqual([])
})

afterAll(async () => {
  for (const listener of botListeners()) process.off('message', listener)
  await client.destroy()
})

/** What `client.shard` is where a manager started the bot. */
function shard() {
  if (client.shard === null) throw new Error('the client has found no manager')
  return client.shard
}

function guildsPlus(asked: Client, { n }: { readonly n: number }): number {
  return asked.guilds.cache.size + n
}

function goTooFar(): never {
  throw new RangeError('too far')
}

describe('the real client of discord.js', () => {
  it('takes its shards from the environment', () => {
    expect(client.options).toMatchObject({ shards: [0, 1], shardCount: 2 })
    expect(shard()).toMatchObject({ ids: [0, 1], count: 2, mode: 'process' })
  })

  it('is ready when the last of its shards is', async () => {
    client.readyTimestamp = null
    client.emit('shardReady', 0, undefined)
    expect(await shard().fetchClientValues('readyTimestamp')).toEqual([null])
    expect(world.log).toEqual([])
    client.emit('shardReady', 1, undefined)
    client.readyTimestamp = 1_700_000_000_000
    await vi.waitFor(() => expect(world.log).toEqual(['ready']))
    client.emit('shardReconnecting', 0)
    client.emit('shardResume', 0, 3)
    await vi.waitFor(() => expect(world.log).toEqual(['ready', 'reconnecting', 'resumed']))
  })

  it('gets what it asks of all, and of one shard', async () => {
    expect(await shard().fetchClientValues('guilds.cache.size')).toEqual([0])
    expect(await shard().fetchClientValues('guilds.cache.size', 1)).toBe(0)
    const context = { n: 2 }
    expect(await shard().broadcastEval(guildsPlus, { context })).toEqual([2])
    expect(await shard().broadcastEval(guildsPlus, { context, shard: 1 })).toBe(2)
    expect(await shard().broadcastEval(async () => undefined, { shard: 0 })).toBeUndefined()
  })

  it('gets an error where discord.js alone would fall silent or hide it', async () => {
    const throwing: (() => unknown)[] = [
      () => {
        throw undefined
      },
      () => {
        throw 'text'
      },
      () => 1n,
      () => {
        const cycle: Record<string, unknown> = {}
        cycle.self = cycle
        return cycle
      },
    ]
    for (const script of throwing) {
      await expect(shard().broadcastEval(script)).rejects.toThrow(/instance 0 on eu/)
    }
    await expect(shard().broadcastEval(goTooFar)).rejects.toMatchObject({
      name: 'RangeError',
      message: 'too far',
      stack: expect.stringContaining('too far'),
    })
    await expect(shard().fetchClientValues('no.such.thing')).rejects.toThrow(/of undefined/)
    await expect(shard().fetchClientValues('token', 2)).rejects.toThrow(
      /shard 2 could not be found/,
    )
  })

  it('reaches its manager with messages and respawnAll', async () => {
    await shard().send({ hello: 'manager' })
    await shard().respawnAll({ shardDelay: 1 })
    await vi.waitFor(() => expect(world.managerMessages).toHaveLength(2))
    expect(world.managerMessages).toEqual([
      expect.stringContaining('hello'),
      expect.stringContaining('"shardDelayMs":1,"respawnDelayMs":500,"timeoutMs":30000'),
    ])
  })

  it('is left in order by an instance that has to end', async () => {
    await shard().fetchClientValues('readyTimestamp')
    world.channel.receive(ManagerOp.STOP, JSON.stringify({ reason: 'stop', timeoutMs: 1_000 }))
    await vi.waitFor(() => expect(world.channel.calls.slice(-2)).toEqual(['4:', 'close']))
    expect(client.ws).toMatchObject({ destroyed: true })
  })
})
