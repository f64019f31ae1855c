import { describe, expect, it } from 'vitest'
import type { StopRequest } from '../../../src/bot/instance-runtime.js'
import { managerLostExitCode, PreloadRuntime } from '../../../src/bot/preload-runtime.js'
import type { InstanceIdentity } from '../../../src/instances/channel/instance-channel.js'
import { limits } from '../../../src/limits.js'
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
  })
  return { system, channel, exits, warnings, runtime }
}

/** Attaches a bot whose goodbyes end when the test says so. */
function attach({ runtime }: ReturnType<typeof setUp>) {
  const envelopes: string[] = []
  const stops: StopRequest[] = []
  const goodbye = deferred()
  runtime.attach({
    envelope: (envelope) => envelopes.push(Buffer.from(envelope).toString()),
    stop: (asked) => {
      stops.push(asked)
      return goodbye.promise
    },
  })
  return { envelopes, stops, ...goodbye }
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
    expect(set.channel.calls).toEqual(['ref'])
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

describe('an instance that is asked to stop', () => {
  it('says goodbye, lets it leave and exits', async () => {
    const set = setUp()
    const { stops, resolve } = attach(set)
    set.channel.receive(stopOp, JSON.stringify(request))
    set.channel.receive(stopOp, JSON.stringify(request))
    expect(stops).toEqual([request])
    resolve()
    await set.system.settle()
    expect(set.channel.calls).toEqual(['ref', '4:', 'close'])
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
    expect(set.channel.calls).toEqual(['ref', 'close'])
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
