import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../../src/errors.js'
import { remoteError } from '../../../../../src/routing/error-body.js'
import type { Outcome } from '../../../../../src/routing/outcome.js'
import { FakeHost } from './fake-host.js'

const at = (instance: number) => ({ instance, machine: 'eu', shards: [instance] })

function ok(instance: number, value: unknown): Outcome {
  return { ...at(instance), status: 'ok', value }
}

function failed(
  instance: number,
  error: MachinesError,
  status: 'error' | 'timeout' | 'offline' = 'error',
): Outcome {
  return { ...at(instance), status, error }
}

/** What the bot gets for what it asked. */
async function answerTo(
  said: object,
  outcomes: readonly Outcome[] | Error = [],
): Promise<{ readonly host: FakeHost; readonly reply: unknown }> {
  const host = new FakeHost()
  host.answer = async () => {
    if (outcomes instanceof Error) throw outcomes
    return [...outcomes]
  }
  host.say(said)
  await turn()
  return { host, reply: host.sent.at(-1) }
}

describe('what a discord.js bot asks of all', () => {
  it('is a script for every instance, with a list of values', async () => {
    const script = '((c) => c)(this, undefined)'
    const { host, reply } = await answerTo({ _sEval: script }, [ok(0, 1), ok(1, undefined)])
    const message = { dialect: 'discord.js', op: 'eval', script }
    expect(host.asked).toEqual([{ target: 'all', message, runsCode: true }])
    expect(reply).toEqual({ _sEval: script, _result: [1, null] })
  })

  it('is a property of every instance, which is no code', async () => {
    const { host, reply } = await answerTo({ _sFetchProp: 'guilds.cache.size' }, [ok(0, 3)])
    const message = { dialect: 'discord.js', op: 'fetch', prop: 'guilds.cache.size' }
    expect(host.asked).toEqual([{ target: 'all', message, runsCode: false }])
    expect(reply).toEqual({ _sFetchProp: 'guilds.cache.size', _result: [3] })
  })

  it('is one value where it names a shard', async () => {
    const { host, reply } = await answerTo({ _sEval: 'x', _sEvalShard: 7 }, [ok(3, 'v')])
    expect(host.asked).toMatchObject([{ target: { shard: 7 } }])
    expect(reply).toEqual({ _sEval: 'x', _sEvalShard: 7, _result: 'v' })
    const fetched = await answerTo({ _sFetchProp: 'x', _sFetchPropShard: 0 }, [ok(0, null)])
    expect(fetched.reply).toEqual({ _sFetchProp: 'x', _sFetchPropShard: 0, _result: null })
  })

  it.each(['3', null, {}, true])(
    'means all with %j for a shard, and gets it back',
    async (shard) => {
      const { host, reply } = await answerTo({ _sEval: 'x', _sEvalShard: shard }, [ok(0, 1)])
      expect(host.asked).toMatchObject([{ target: 'all' }])
      expect(reply).toEqual({ _sEval: 'x', _sEvalShard: shard, _result: [1] })
    },
  )

  it.each([8, -1, 0.5, Number.POSITIVE_INFINITY, Number.NaN])(
    'fails at once for shard %d, which does not exist',
    async (shard) => {
      const { host, reply } = await answerTo({ _sFetchProp: 'x', _sFetchPropShard: shard })
      expect(host.asked).toEqual([])
      expect(reply).toMatchObject({
        _error: {
          name: 'MachinesError [DM_TARGET_UNKNOWN]',
          message: `shard ${shard} could not be found: there are 8`,
        },
      })
    },
  )

  it.each([{ _sEval: 7 }, { _sEval: { a: 1 } }, { _sFetchProp: ['a'] }, { _sFetchProp: true }])(
    'ends with an error for %j',
    async (said) => {
      const { host, reply } = await answerTo(said)
      expect(host.asked).toEqual([])
      expect(reply).toMatchObject({ ...said, _error: { name: /DM_EVAL_SCRIPT|DM_OPTION_TYPE/ } })
    },
  )
})

describe('when it goes wrong', () => {
  it('an Error of the other bot comes with its own name, message and stack', async () => {
    const thrown = Object.assign(new RangeError('too far'), { stack: 'over there' })
    const outcomes = [ok(0, 1), failed(1, remoteError('the eval', thrown))]
    const { reply } = await answerTo({ _sEval: 'x' }, outcomes)
    expect(reply).toEqual({
      _sEval: 'x',
      _error: { name: 'RangeError', message: 'too far', stack: 'over there' },
    })
  })

  it.each([
    ['text', "'text'"],
    [undefined, 'undefined'],
    [null, 'null'],
    [1n, '1n'],
  ])('a thrown %s is told in words', async (thrown, shown) => {
    const outcomes = [failed(2, remoteError('the eval', thrown))]
    const { reply } = await answerTo({ _sEval: 'x' }, outcomes)
    expect(reply).toMatchObject({
      _error: {
        name: 'MachinesError [DM_REMOTE]',
        message: `1 of 1 failed; instance 2 on eu: the eval threw ${shown}`,
        stack: expect.any(String),
      },
    })
  })

  it('whoever did not answer is named, with the number of all that failed', async () => {
    const outcomes = [
      ok(0, 1),
      failed(1, new MachinesError('DM_TIMEOUT', 'did not answer before the deadline'), 'timeout'),
      failed(2, new MachinesError('DM_OFFLINE', 'the machine is out of reach'), 'offline'),
    ]
    const { reply } = await answerTo({ _sFetchProp: 'x' }, outcomes)
    expect(reply).toMatchObject({
      _error: {
        name: 'MachinesError [DM_TIMEOUT]',
        message: '2 of 3 failed; instance 1 on eu: did not answer before the deadline',
      },
    })
  })

  it.each([
    [new MachinesError('DM_BODY_TOO_LARGE', 'too large'), 'MachinesError [DM_BODY_TOO_LARGE]'],
    [new Error('odd'), 'MachinesError [DM_INTERNAL]'],
  ])('a call that cannot be made ends too', async (error, name) => {
    const { reply } = await answerTo({ _sEval: 'x' }, error)
    expect(reply).toMatchObject({ _error: { name } })
  })

  it('a result that Node cannot hand to the bot becomes an error', async () => {
    const { host, reply } = await answerTo({ _sEval: 'x' }, [ok(0, 1n)])
    expect(reply).toMatchObject({
      _sEval: 'x',
      _error: {
        name: 'MachinesError [DM_BODY_UNSUPPORTED]',
        message: expect.stringContaining('BigInt'),
      },
    })
    expect(host.warnings).toEqual([])
  })

  it('a result that is too much for the bot becomes an error, so that the call ends', async () => {
    const host = new FakeHost()
    host.answer = async () => [ok(0, 'x'.repeat(1_000))]
    const send = host.ipc.send.bind(host.ipc)
    host.ipc.send = (message) => JSON.stringify(message).length < 1_000 && send(message)
    host.say({ _sEval: 'x' })
    await turn()
    expect(host.sent.at(-1)).toMatchObject({
      _sEval: 'x',
      _error: { name: 'MachinesError [DM_BODY_TOO_LARGE]' },
    })
    expect(host.warnings).toEqual([])
  })

  it('an answer that the bot does not take is warned about', async () => {
    const host = new FakeHost()
    host.answer = async () => [ok(0, 1)]
    host.say({ _sEval: 'x' })
    host.botTakes = false
    await turn()
    expect(host.warnings).toMatchObject([{ code: 'DM_OFFLINE', instance: 1 }])
  })
})
