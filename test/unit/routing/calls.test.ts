import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../src/errors.js'
import { Network } from './network.js'

function pair(): Network {
  return new Network({ machines: [{ instances: 1 }, { instances: 2 }] })
}

function toFixed(this: number): string {
  return this.toFixed(2)
}

async function failure(promise: Promise<unknown>): Promise<MachinesError> {
  const error: unknown = await promise.then(
    () => new Error('it was resolved'),
    (reason: unknown) => reason,
  )
  if (error instanceof MachinesError) return error
  throw error
}

describe('eval', () => {
  it('gives values in the order of instance ids, of any kind that can be sent', async () => {
    const network = pair()
    const call = network.instance(2).calls.eval(({ id, base }) => new Map([[id, base]]), {
      context: { base: 10n },
    })
    expect(await network.settle(call)).toEqual([0, 1, 2].map((id) => new Map([[id, 10n]])))
  })

  it('what the bot registered wins over the context', async () => {
    const network = pair()
    const call = network.parent.calls.eval(({ id }) => id, { to: 1, context: { id: 'mine' } })
    expect(await network.settle(call)).toEqual([1])
  })

  it('undefined comes back as undefined', async () => {
    const network = pair()
    expect(await network.settle(network.parent.calls.eval('', { to: 0 }))).toEqual([undefined])
  })

  it('rejects with the first error, as it was thrown, and keeps the others', async () => {
    const network = pair()
    const error = await failure(
      network.settle(
        network.parent.calls.eval(({ id }) => {
          if (id > 0) throw Object.assign(new RangeError(`no ${id}`), { code: `E${id}` })
        }),
      ),
    )
    expect(error).toMatchObject({
      code: 'DM_REMOTE',
      instance: 1,
      machine: 'm1',
      cause: { name: 'RangeError', message: 'no 1', code: 'E1' },
      failures: [{ instance: 1 }, { instance: 2 }],
    })
    expect(error.message).toBe('2 of 3 failed; instance 1 on m1: the eval threw RangeError: no 1')
  })

  it.each<[string, string, unknown]>([
    ['a string', 'throw "text"', 'text'],
    ['undefined', 'throw undefined', undefined],
    ['null', 'throw null', null],
    ['a BigInt', 'throw 5n', 5n],
    ['an object', 'throw { code: 50013 }', { code: 50_013 }],
    ['a circular object', 'const o = {}; o.o = o; throw o', expect.stringContaining('Circular')],
    ['a function', 'throw () => 1', expect.stringContaining('Function')],
    [
      'an error that holds its client',
      'throw Object.assign(new Error("x"), { f() {} })',
      expect.objectContaining({ message: 'x' }),
    ],
    [
      'an object that cannot be shown',
      'throw new Proxy({}, { get() { throw 1 }, ownKeys() { throw 1 } })',
      expect.anything(),
    ],
  ])('thrown: %s', async (_, script, cause) => {
    const network = pair()
    const [outcome] = await network.settle(network.parent.calls.evalSettled(script, { to: 1 }))
    expect(outcome).toMatchObject({ status: 'error', error: { code: 'DM_REMOTE', instance: 1 } })
    if (outcome?.status !== 'error') throw new Error('unreachable')
    expect(outcome.error.cause).toEqual(cause)
  })

  it('names what cannot be sent back', async () => {
    const network = pair()
    const [outcome] = await network.settle(
      network.parent.calls.evalSettled(() => ({ guilds: [{ client: () => 1 }] }), { to: 1 }),
    )
    expect(outcome).toMatchObject({
      status: 'error',
      error: {
        code: 'DM_BODY_UNSUPPORTED',
        message: expect.stringContaining('result.guilds[0].client'),
      },
    })
  })

  it('says what is wrong with a script', async () => {
    const network = pair()
    const { calls } = network.parent
    const [bad] = await network.settle(calls.evalSettled('return (', { to: 1 }))
    expect(bad).toMatchObject({ status: 'error', error: { code: 'DM_EVAL_SCRIPT' } })
    for (const script of [Math.max, toFixed.bind(1), Network, 5, null]) {
      // @ts-expect-error: none of these is a script
      await expect(calls.eval(script)).rejects.toMatchObject({ code: 'DM_EVAL_SCRIPT' })
    }
  })

  it('refuses a context that cannot be merged or sent', async () => {
    const { calls } = pair().parent
    await expect(calls.eval('', { context: [1] })).rejects.toMatchObject({ code: 'DM_OPTION_TYPE' })
    const context = { client: { on: () => 1 } }
    await expect(calls.eval('', { context })).rejects.toMatchObject({
      code: 'DM_BODY_UNSUPPORTED',
      path: 'context.client.on',
    })
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
    'timeoutMs %d is refused',
    async (timeoutMs) => {
      const call = pair().parent.calls.eval('', { timeoutMs })
      await expect(call).rejects.toMatchObject({ code: 'DM_OPTION_VALUE', path: 'timeoutMs' })
    },
  )
})

describe('request', () => {
  it('calls handlers with payload and caller', async () => {
    const network = pair()
    for (const id of [1, 2]) {
      network.instance(id).handlers.add('add', async (payload, from) => [id, payload, from])
    }
    const call = network.instance(0).calls.request('add', { n: 1 }, { to: { machine: 'm1' } })
    expect(await network.settle(call)).toEqual([
      [1, { n: 1 }, { instance: 0, machine: 'm0' }],
      [2, { n: 1 }, { instance: 0, machine: 'm0' }],
    ])
  })

  it('an unknown handler is an error outcome of that instance alone', async () => {
    const network = pair()
    const remove = network.instance(1).handlers.add('x', () => 1)
    network.instance(2).handlers.add('x', () => 2)
    expect(() => network.instance(2).handlers.add('x', () => 3)).toThrow(/already/)
    remove()
    const outcomes = await network.settle(
      network.parent.calls.requestSettled('x', 0, { to: [1, 2] }),
    )
    expect(outcomes).toMatchObject([
      {
        status: 'error',
        error: { code: 'DM_HANDLER_UNKNOWN', message: expect.stringContaining('"x"') },
      },
      { status: 'ok', value: 2 },
    ])
  })

  it('an error of this package thrown by a handler is still what the handler threw', async () => {
    const network = pair()
    network.instance(1).handlers.add('x', () => {
      throw new MachinesError('DM_TIMEOUT', 'a call of mine took too long')
    })
    const [outcome] = await network.settle(network.parent.calls.requestSettled('x', 0, { to: 1 }))
    expect(outcome).toMatchObject({
      status: 'error',
      error: { code: 'DM_REMOTE', cause: { code: 'DM_TIMEOUT' } },
    })
  })

  it('needs a name', async () => {
    // @ts-expect-error: the name is missing
    await expect(pair().parent.calls.request()).rejects.toMatchObject({ code: 'DM_OPTION_TYPE' })
  })
})

describe('send', () => {
  it("throws at once what is the caller's own fault", () => {
    const { calls } = pair().parent
    expect(() => calls.send('x', { to: [] })).toThrow(
      expect.objectContaining({ code: 'DM_TARGET_INVALID' }),
    )
    expect(() => calls.send({ f() {} })).toThrow(
      expect.objectContaining({ code: 'DM_BODY_UNSUPPORTED' }),
    )
  })
})

describe('a manager that is gone', () => {
  it('ends calls and reports messages', async () => {
    const { Requester } = await import('../../../src/routing/requester.js')
    const reports: unknown[] = []
    const requester = new Requester({
      self: 1,
      send: () => false,
      clock: { now: () => 0 },
      firstId: 5,
      timeoutMs: 100,
      onUndelivered: (report) => reports.push(report),
    })
    const call = requester.call({ kind: 'all' }, 3, Uint8Array.of(0))
    await expect(call).rejects.toMatchObject({ code: 'DM_MANAGER_LOST' })
    expect(requester.pending).toBe(0)
    const messageId = requester.send({ kind: 'all' }, Uint8Array.of(0))
    await Promise.resolve()
    expect(reports).toMatchObject([{ messageId, reason: { code: 'DM_MANAGER_LOST' } }])
  })
})
