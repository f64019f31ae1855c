import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../../src/errors.js'
import { adoptScript } from '../../../../../src/instances/dialects/discordjs/discordjs-words.js'
import { limits } from '../../../../../src/limits.js'
import type { Outcome } from '../../../../../src/routing/outcome.js'
import { deferred } from '../../../../support/deferred.js'
import { FakeHost } from './fake-host.js'

const askReady = { _fetchProp: 'readyTimestamp' }
const adopt = { _eval: adoptScript }
const someone = { instance: 0, machine: 'm' }

/** A host whose bot has said that all its shards are ready. */
function readyHost(): FakeHost {
  const host = new FakeHost()
  host.say({ _ready: true }, { ...askReady, _result: 1_700_000_000_000 })
  host.log.length = 0
  host.sent.length = 0
  return host
}

describe('finding out that a bot speaks discord.js', () => {
  it.each([
    { _ready: true },
    { _disconnect: true },
    { _reconnecting: true },
    { _resume: true },
    { _sEval: '1' },
    { _sFetchProp: 'a' },
    { _sRespawnAll: {} },
  ])('%j is a sign, and the client is asked for', (word) => {
    const host = new FakeHost()
    host.say(word, word)
    expect(host.log).toEqual(['recognised'])
    expect(host.sent.filter((sent) => JSON.stringify(sent) === JSON.stringify(adopt))).toHaveLength(
      1,
    )
    expect(host.sent[0]).toEqual(adopt)
  })

  it.each([
    'text',
    7,
    true,
    null,
    undefined,
    ['_ready'],
    {},
    { _ready: 0 },
    { _sEval: '' },
    { _eval: 'x' },
  ])('%j is a message for the manager and no sign', (message) => {
    const host = new FakeHost()
    host.say(message)
    expect(host.log).toEqual([])
    expect(host.sent).toEqual([])
    expect(host.managerMessages).toEqual([message])
  })

  it('keeps the answer of the client to itself, unless there is something wrong', () => {
    const host = new FakeHost()
    host.say({ _ready: true }, adopt)
    expect(host.warnings).toEqual([])
    host.say({ ...adopt, _error: { message: 'no' } })
    expect(host.warnings).toMatchObject([
      { code: 'DM_REMOTE', instance: 1, cause: { message: 'no' } },
    ])
    expect(host.managerMessages).toEqual([])
  })
})

describe('a discord.js bot that gets ready', () => {
  it('is ready once the last of its shards is', () => {
    const host = new FakeHost()
    host.say({ _ready: true }, { ...askReady, _result: null })
    expect(host.log).toEqual(['recognised'])
    host.say({ _reconnecting: true }, { _disconnect: true }, { _resume: true })
    host.say({ _ready: true }, { ...askReady, _result: 5 }, { ...askReady, _result: 5 })
    expect(host.sent).toEqual([adopt, askReady, askReady])
    expect(host.log.slice(0, 2)).toEqual(['recognised', 'ready'])
    expect(host.managerMessages).toEqual([])
  })

  it('does not take an answer without a value for one', () => {
    const host = new FakeHost()
    host.say({ _ready: true }, askReady, { ...askReady, _error: { message: 'x' } })
    expect(host.log).toEqual(['recognised'])
  })

  it('reports what becomes of its connections afterwards', () => {
    const host = readyHost()
    host.say({ _disconnect: true }, { _reconnecting: true }, { _resume: true }, { _ready: true })
    const states = ['disconnected', 'reconnecting', 'resumed', 'resumed']
    expect(host.log).toEqual(states.map((state) => `gateway:${state}`))
    expect(host.sent).toEqual([])
  })

  it('says nothing of them while it is asked to stop, which the preload does', () => {
    const host = readyHost()
    expect(host.dialect.stop()).toBe(false)
    host.say({ _reconnecting: true })
    expect(host.log).toEqual([])
    expect(host.dialect.answer).toBeUndefined()
  })

  it('is warned about when it does not read', () => {
    const host = new FakeHost()
    host.botTakes = false
    host.say({ _ready: true })
    expect(host.warnings).toMatchObject([
      { code: 'DM_OFFLINE' },
      { code: 'DM_OFFLINE', instance: 1 },
    ])
  })
})

describe('respawnAll', () => {
  const max = limits.timeoutMsMax
  it.each([
    [{ shardDelay: 1, respawnDelay: 0, timeout: 9 }, [1, 0, 9]],
    [{}, [5_000, 500, 30_000]],
    [true, [5_000, 500, 30_000]],
    [{ shardDelay: 'x', respawnDelay: Number.NaN, timeout: [] }, [5_000, 500, 30_000]],
    [{ shardDelay: -1, respawnDelay: 1e300, timeout: 1e300 }, [0, max, max]],
    [{ timeout: -1 }, [5_000, 500, undefined]],
    [{ timeout: Number.POSITIVE_INFINITY }, [5_000, 500, undefined]],
    [{ timeout: null }, [5_000, 500, undefined]],
  ])('of %j tells the manager of all', (asked, [shardDelayMs, respawnDelayMs, timeoutMs]) => {
    const host = new FakeHost()
    host.say({ _sRespawnAll: asked })
    const message = { dialect: 'discord.js', op: 'respawn-all' }
    expect(host.told).toEqual([
      ['manager', { ...message, shardDelayMs, respawnDelayMs, timeoutMs }],
    ])
  })

  it('that cannot be passed on is warned about', () => {
    const host = new FakeHost()
    const error = new MachinesError('DM_STOPPED', 'no more')
    host.network = {
      tell() {
        throw error
      },
    }
    host.say({ _sRespawnAll: {} })
    expect(host.warnings).toEqual([error])
  })
})

describe('messages', () => {
  it('of a burst all go to the manager, in order', () => {
    const host = new FakeHost()
    const burst = Array.from({ length: 10_000 }, (_, n) => ({ n }))
    host.say(...burst)
    expect(host.managerMessages).toEqual(burst)
  })

  it('that cannot be encoded are warned about, whatever is thrown', () => {
    const host = new FakeHost()
    const thrown: unknown[] = [new MachinesError('DM_BODY_TOO_LARGE', 'big'), new Error('odd')]
    host.network = {
      messageManager() {
        throw thrown.shift()
      },
    }
    host.say('a', 'b')
    expect(host.warnings).toMatchObject([{ code: 'DM_BODY_TOO_LARGE' }, { code: 'DM_INTERNAL' }])
  })

  it('of others reach the bot as they are', () => {
    const host = readyHost()
    expect(host.dialect.message({ hello: 1 }, someone)).toBe(true)
    expect(host.dialect.message('text', someone)).toBe(true)
    host.dialect.told({ dialect: 'discord.js', op: 'unheard of' })
    expect(host.sent).toEqual([{ hello: 1 }, 'text'])
  })

  it('that the bot would run as code are refused', () => {
    const host = readyHost()
    expect(host.dialect.message({ _eval: 'process.exit()' }, someone)).toBe(false)
    expect(host.sent).toEqual([])
    expect(host.warnings).toMatchObject([{ code: 'DM_EVAL_REFUSED' }])
  })

  it('that Node cannot serialise, or the bot does not take, are not taken', () => {
    const host = readyHost()
    expect(host.dialect.message({ big: 1n }, someone)).toBe(false)
    host.botTakes = false
    expect(host.dialect.message('x', someone)).toBe(false)
    expect(host.warnings).toMatchObject([{ code: 'DM_BODY_UNSUPPORTED' }, { code: 'DM_OFFLINE' }])
  })
})

describe('a dialect whose incarnation is gone', () => {
  it('hears and says nothing more', async () => {
    const host = readyHost()
    const { promise, reject } = deferred<Outcome[]>()
    host.answer = () => promise
    host.say({ _sEval: '1' })
    host.dialect.close()
    reject(new MachinesError('DM_STOPPED', 'stopped'))
    await turn()
    host.say({ _disconnect: true }, 'text', { _sFetchProp: 'x' })
    expect(host.dialect.message('x', someone)).toBe(false)
    expect([host.log, host.sent, host.managerMessages, host.warnings]).toEqual([[], [], [], []])
  })
})
