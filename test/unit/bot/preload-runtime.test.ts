import { describe, expect, it, vi } from 'vitest'
import type { StopRequest } from '../../../src/bot/instance-runtime.js'
import {
  leaseEndedExitCode,
  managerLostExitCode,
  PreloadRuntime,
} from '../../../src/bot/preload-runtime.js'
import type { InstanceIdentity } from '../../../src/instances/channel/instance-channel.js'
import { encodeLease } from '../../../src/instances/channel/lease-notice.js'
import { limits } from '../../../src/limits.js'
import { decodeBody, encodeBody } from '../../../src/routing/body-codec.js'
import { EnvelopeKind, Status, Verb } from '../../../src/routing/envelope.js'
import { bodyOf, encodeEnvelope } from '../../../src/routing/envelope-codec.js'
import { deferred } from '../../support/deferred.js'
import { FakeChannel } from '../../support/fake-channel.js'
import { VirtualSystem } from '../../support/virtual-system.js'

const identity: InstanceIdentity = {
  version: 1,
  instance: 0,
  shards: '0',
  totalShards: 1,
  machine: 'm',
  mode: 'processes',
  callTimeoutMs: 1_000,
}

const stopOp = 16
const request = { reason: 'why', timeoutMs: 5_000 }

function setUp(hasTermListeners = false) {
  const system = new VirtualSystem()
  const channel = new FakeChannel()
  const exits: number[] = []
  const warnings: string[] = []
  const runtime = new PreloadRuntime(identity, channel, {
    system,
    exit: (code) => exits.push(code),
    raiseTerm: () => hasTermListeners,
    warn: ({ message }) => warnings.push(message),
    afterTurn: (action) => void system.setTimer(0, action),
    onContinue() {},
  })
  return { system, channel, exits, warnings, runtime }
}

/** Attaches a bot whose goodbyes end when the test says so. */
function attach({ runtime }: ReturnType<typeof setUp>) {
  const envelopes: string[] = []
  const raw: Buffer[] = []
  const stops: StopRequest[] = []
  const goodbye = deferred()
  runtime.attach({
    envelope: (bytes) => {
      raw.push(Buffer.from(bytes))
      envelopes.push(Buffer.from(bytes).toString())
    },
    stop: (asked) => {
      stops.push(asked)
      return goodbye.promise
    },
  })
  return { envelopes, raw, stops, ...goodbye }
}

describe('the runtime of an instance', () => {
  it('reports ready once', () => {
    const { runtime, channel } = setUp()
    runtime.ready()
    runtime.ready()
    expect(channel.calls).toEqual(['2:'])
  })

  it('asks the manager for room, and goes on when it answers or is gone', async () => {
    const { runtime, channel } = setUp()
    const first = runtime.flushed()
    const second = runtime.flushed()
    expect(channel.calls).toEqual(['5:'])
    channel.receive(17)
    await first
    expect(channel.calls).toEqual(['5:', '5:'])
    channel.lose()
    await second
    await runtime.flushed()
    expect(channel.calls).toEqual(['5:', '5:'])
  })

  it('sends envelopes while the manager takes them', () => {
    const { runtime, channel } = setUp()
    expect(runtime.sendEnvelope(Buffer.from('a'))).toBe(true)
    channel.lose()
    expect(runtime.sendEnvelope(Buffer.from('b'))).toBe(false)
    expect(channel.calls).toEqual(['3:a'])
  })

  it('keeps envelopes for the bot API and hands them over in order', () => {
    const set = setUp()
    const chunk = Buffer.from('one')
    set.channel.receive(3, chunk)
    chunk.fill(0)
    set.channel.receive(3, 'two')
    const { envelopes } = attach(set)
    set.channel.receive(3, 'three')
    expect(envelopes).toEqual(['one', 'two', 'three'])
    expect(set.channel.calls).toEqual(['6:', 'ref'])
  })

  it('warns once when envelopes for a bot without the API are lost', () => {
    const { channel, warnings } = setUp()
    const half = new Uint8Array(limits.channelBacklogBytesMax / 2)
    for (const part of [half, half, half, half]) channel.receive(3, part)
    expect(warnings).toEqual([expect.stringContaining('are lost')])
  })

  it('takes one bot API only', () => {
    const set = setUp()
    attach(set)
    expect(() => attach(set)).toThrow(expect.objectContaining({ code: 'DM_STATE' }))
  })

  it('warns about what it does not know', () => {
    const { channel, warnings } = setUp()
    channel.receive(99)
    expect(warnings).toEqual([expect.stringContaining('unknown message (99)')])
  })
})

/** A routed envelope with this in it, for the manager's op 3. */
function envelope(kind: EnvelopeKind, verb: Verb, content: unknown): Uint8Array {
  const status = kind === EnvelopeKind.RESPONSE ? Status.OK : Status.NONE
  const target =
    kind === EnvelopeKind.RESPONSE
      ? ({ kind: 'endpoint', endpoint: 0 } as const)
      : ({ kind: 'delivered', machine: 'm' } as const)
  const questions = kind === EnvelopeKind.SEND ? 0 : 1
  const header = { kind, verb, status, requestId: 1, source: 5, budgetMs: 1_000, questions, target }
  return encodeEnvelope(header, encodeBody(content, ''))
}

const dialectEval = envelope(EnvelopeKind.REQUEST, Verb.EVAL_DIALECT, {
  dialect: 'discord.js',
  op: 'eval',
  script: 'dialect',
})
const nativeEval = envelope(EnvelopeKind.REQUEST, Verb.EVAL, {
  form: 'function',
  source: '({ client }) => client.name',
  context: {},
})

/** A discord.js client as far as the runtime looks at it. */
function client(name = 'client') {
  const destroyed = deferred()
  let isDestroyed = false
  return {
    name,
    ...destroyed,
    isDestroyed: () => isDestroyed,
    _eval: (script: string) => `${name} ran ${script}`,
    destroy: () => {
      isDestroyed = true
      return destroyed.promise
    },
  }
}

/** The values of the answers that have left. */
function answersOf(channel: FakeChannel): unknown[] {
  return channel.sent.filter(({ op }) => op === 3).map(({ payload }) => decodeBody(bodyOf(payload)))
}

describe('the client of a discord.js bot', () => {
  it('answers calls of the dialect and evals, those that came before it included', async () => {
    const { channel, runtime } = setUp()
    channel.receive(3, dialectEval)
    channel.receive(3, nativeEval)
    runtime.adopt(client())
    const held = new Set(['client', 'client ran dialect'])
    await vi.waitFor(() => expect(new Set(answersOf(channel))).toEqual(held))
    channel.receive(3, dialectEval)
    await vi.waitFor(() => expect(answersOf(channel)[2]).toBe('client ran dialect'))
  })

  it('is the first one, and only a client', async () => {
    const { channel, runtime, warnings } = setUp()
    for (const none of [undefined, null, 'text', {}, { _eval: 'x' }]) runtime.adopt(none)
    runtime.adopt(client('first'))
    runtime.adopt(client('second'))
    channel.receive(3, dialectEval)
    await vi.waitFor(() => expect(answersOf(channel)).toEqual(['first ran dialect']))
    expect(warnings).toEqual([])
  })

  it('leaves everything else to the bot API', async () => {
    const set = setUp()
    const call = envelope(EnvelopeKind.REQUEST, Verb.CALL, { name: 'x' })
    const message = envelope(EnvelopeKind.SEND, Verb.MESSAGE, 'hello')
    const answer = envelope(EnvelopeKind.RESPONSE, Verb.EVAL, 1)
    set.runtime.adopt(client())
    for (const each of [call, dialectEval, message, answer]) set.channel.receive(3, each)
    await vi.waitFor(() => expect(answersOf(set.channel)).toEqual(['client ran dialect']))
    const { raw } = attach(set)
    expect(raw).toEqual([call, message, answer].map((bytes) => Buffer.from(bytes)))
  })

  it('shares the work with a bot API that the bot has loaded, too', async () => {
    const set = setUp()
    const { raw } = attach(set)
    set.channel.receive(3, dialectEval)
    set.channel.receive(3, nativeEval)
    expect(raw).toEqual([Buffer.from(nativeEval)])
    set.runtime.adopt(client())
    await vi.waitFor(() => expect(answersOf(set.channel)).toEqual(['client ran dialect']))
  })

  it('is destroyed before the instance exits', async () => {
    const set = setUp()
    const bot = client()
    set.runtime.adopt(bot)
    set.channel.receive(stopOp, JSON.stringify(request))
    await vi.waitFor(() => expect(bot.isDestroyed()).toBe(true))
    expect(set.channel.calls).toEqual([])
    bot.resolve()
    await set.system.settle()
    expect(set.channel.calls).toEqual(['4:', 'close'])
    set.channel.lose()
    expect(set.exits).toEqual([0])
  })

  it('that cannot be destroyed does not keep the instance', async () => {
    const set = setUp()
    const bot = client()
    set.runtime.adopt(bot)
    set.channel.receive(stopOp, JSON.stringify(request))
    bot.reject(new Error('will not'))
    await vi.waitFor(() => expect(set.warnings).toEqual(['will not']))
    set.channel.lose()
    expect(set.exits).toEqual([1])
  })

  it('is left to SIGTERM listeners, which know how to end', async () => {
    const set = setUp(true)
    const bot = client()
    set.runtime.adopt(bot)
    set.channel.receive(stopOp, JSON.stringify(request))
    await set.system.settle()
    expect(set.channel.calls).toEqual([])
    expect(bot.isDestroyed()).toBe(false)
  })

  it('is destroyed after the listeners of the bot API are done', async () => {
    const set = setUp()
    const bot = client()
    set.runtime.adopt(bot)
    const { stops, resolve } = attach(set)
    set.channel.receive(stopOp, JSON.stringify(request))
    await set.system.settle()
    expect(stops).toEqual([request])
    expect(bot.isDestroyed()).toBe(false)
    resolve()
    await vi.waitFor(() => expect(bot.isDestroyed()).toBe(true))
    expect(set.channel.calls).not.toContain('close')
    bot.resolve()
    await vi.waitFor(() => expect(set.channel.calls).toContain('close'))
  })
})

describe('an instance that is asked to stop', () => {
  it('says goodbye, lets it leave and exits', async () => {
    const set = setUp()
    const { stops, resolve } = attach(set)
    set.channel.receive(stopOp, JSON.stringify(request))
    set.channel.receive(stopOp, JSON.stringify(request))
    expect(stops).toEqual([request])
    resolve()
    await set.system.settle()
    expect(set.channel.calls).toEqual(['6:', 'ref', '4:', 'close'])
    expect(set.exits).toEqual([])
    set.channel.lose()
    expect(set.exits).toEqual([0])
  })

  it('exits even when the channel does not close', async () => {
    const set = setUp()
    const { resolve } = attach(set)
    set.channel.receive(stopOp, JSON.stringify(request))
    resolve()
    await set.system.advance(limits.managerLostGraceMs)
    expect(set.exits).toEqual([0])
  })

  it('exits with 1 when the goodbye fails', async () => {
    const set = setUp()
    const { reject } = attach(set)
    set.channel.receive(stopOp, JSON.stringify(request))
    reject(new Error('no goodbye'))
    await set.system.settle()
    set.channel.lose()
    expect(set.warnings).toEqual(['no goodbye'])
    expect(set.channel.calls).toEqual(['6:', 'ref', 'close'])
    expect(set.exits).toEqual([1])
  })

  it('exits at once without the bot API', () => {
    const { channel, exits } = setUp()
    channel.receive(stopOp, JSON.stringify(request))
    channel.lose()
    expect(exits).toEqual([0])
  })

  it('leaves the end to SIGTERM listeners of a bot without the bot API', () => {
    const { channel, exits } = setUp(true)
    channel.receive(stopOp, JSON.stringify(request))
    expect(channel.calls).toEqual([])
    expect(exits).toEqual([])
  })

  it.each(['', '{', 'null', '[]', '{"reason":1}'])('understands %j as a request too', (text) => {
    const set = setUp()
    const { stops } = attach(set)
    set.channel.receive(stopOp, text)
    expect(stops).toEqual([{ reason: 'stop', timeoutMs: 0 }])
  })
})

describe('an instance whose manager is gone', () => {
  it('exits at once without the bot API', () => {
    const { channel, exits } = setUp()
    channel.lose(new Error('reset'))
    expect(exits).toEqual([managerLostExitCode])
  })

  it('may say goodbye first', async () => {
    const set = setUp()
    const { stops, resolve } = attach(set)
    set.channel.lose()
    expect(stops).toEqual([{ reason: 'manager-lost', timeoutMs: limits.managerLostGraceMs }])
    expect(set.exits).toEqual([])
    resolve()
    await set.system.settle()
    expect(set.exits).toEqual([managerLostExitCode])
  })

  it('exits when the goodbye takes longer than the grace', async () => {
    const set = setUp()
    attach(set)
    set.channel.lose()
    await set.system.advance(limits.managerLostGraceMs - 1)
    expect(set.exits).toEqual([])
    await set.system.advance(1)
    expect(set.exits).toEqual([managerLostExitCode])
  })

  it('does not ask twice when it was stopping already', async () => {
    const set = setUp()
    const { stops } = attach(set)
    set.channel.receive(stopOp, JSON.stringify(request))
    set.channel.lose()
    expect(stops).toEqual([request])
    await set.system.advance(limits.managerLostGraceMs)
    expect(set.exits).toEqual([managerLostExitCode])
  })
})

const leaseOp = 18
const notice = encodeLease({ until: 1_000, goodbyeMs: 300 })

describe('an instance whose lease has ended', () => {
  it('exits at once without the bot API', async () => {
    const { system, channel, exits } = setUp()
    channel.receive(leaseOp, notice)
    await system.advance(999)
    expect(exits).toEqual([])
    await system.advance(1)
    expect(exits).toEqual([leaseEndedExitCode])
  })

  it('may say goodbye first, also where the manager takes nothing any more', async () => {
    const set = setUp()
    const { stops, resolve } = attach(set)
    set.channel.receive(leaseOp, notice)
    await set.system.advance(1_000)
    expect(stops).toEqual([{ reason: 'lease', timeoutMs: 300 }])
    resolve()
    await set.system.advance(299)
    expect(set.channel.calls).toEqual(['6:', 'ref', '4:', 'close'])
    expect(set.exits).toEqual([])
    await set.system.advance(1)
    expect(set.exits).toEqual([leaseEndedExitCode])
  })

  it('exits as soon as the goodbye has left', async () => {
    const set = setUp()
    const { resolve } = attach(set)
    set.channel.receive(leaseOp, notice)
    await set.system.advance(1_000)
    resolve()
    await set.system.settle()
    set.channel.lose()
    expect(set.exits).toEqual([leaseEndedExitCode])
  })

  it('exits when the goodbye takes too long', async () => {
    const set = setUp()
    attach(set)
    set.channel.receive(leaseOp, notice)
    await set.system.advance(1_300)
    expect(set.exits).toEqual([leaseEndedExitCode])
  })

  it('leaves its SIGTERM listeners no more time than that', async () => {
    const { system, channel, exits } = setUp(true)
    channel.receive(leaseOp, notice)
    await system.advance(1_299)
    expect(exits).toEqual([])
    await system.advance(1)
    expect(exits).toEqual([leaseEndedExitCode])
  })

  it('destroys the client of a discord.js bot', async () => {
    const set = setUp()
    const bot = client()
    set.runtime.adopt(bot)
    set.channel.receive(leaseOp, notice)
    await set.system.advance(1_000)
    await vi.waitFor(() => expect(bot.isDestroyed()).toBe(true))
    expect(set.exits).toEqual([])
    await set.system.advance(300)
    expect(set.exits).toEqual([leaseEndedExitCode])
  })

  it('does not ask twice when it was stopping already', async () => {
    const set = setUp()
    const { stops } = attach(set)
    set.channel.receive(leaseOp, notice)
    await set.system.advance(900)
    set.channel.receive(stopOp, JSON.stringify(request))
    await set.system.advance(400)
    expect(stops).toEqual([request])
    expect(set.exits).toEqual([leaseEndedExitCode])
  })

  it('warns about a lease that makes no sense', () => {
    const { channel, warnings } = setUp()
    channel.receive(leaseOp, 'nonsense')
    expect(warnings).toEqual([expect.stringContaining('unknown message (18)')])
  })
})
