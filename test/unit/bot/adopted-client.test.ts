import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { AdoptedClient } from '../../../src/bot/adopted-client.js'
import { limits } from '../../../src/limits.js'
import { decodeBody, encodeBody } from '../../../src/routing/body-codec.js'
import { EnvelopeKind, Status, Verb } from '../../../src/routing/envelope.js'
import { bodyOf, decodeHeader, encodeEnvelope } from '../../../src/routing/envelope-codec.js'
import { decodeError } from '../../../src/routing/error-body.js'

type Mode = 'processes' | 'workers'

interface Answer {
  readonly status: number
  readonly value: unknown
}

/** The header of a question to the instance, but for its verb. */
const asked = {
  kind: EnvelopeKind.REQUEST,
  status: Status.NONE,
  requestId: 9,
  source: 1,
  budgetMs: 1_000,
  questions: 1,
  target: { kind: 'delivered', machine: 'eu' },
} as const

/** Has a client whose `_eval` is this asked something, and gives what goes back. */
async function ask(
  members: { readonly _eval?: (script: string) => unknown; readonly [name: string]: unknown },
  verb: Verb,
  body: unknown,
  mode: Mode = 'processes',
): Promise<Answer> {
  const answers: Uint8Array[] = []
  const client = new AdoptedClient(
    { _eval: () => undefined, ...members },
    { instance: 3, mode },
    (envelope) => answers.push(envelope) > 0,
  )
  const request = encodeEnvelope({ ...asked, verb }, encodeBody(body, ''))
  expect(client.receive(request)).toBe(true)
  // What comes through the channel is a view on a buffer that is used again.
  request.fill(0)
  await turn()
  expect(answers).toHaveLength(1)
  const answer = answers[0] ?? new Uint8Array(0)
  const { kind, requestId, source, status, target } = decodeHeader(answer)
  expect({ kind, requestId, source, target }).toEqual({
    kind: EnvelopeKind.RESPONSE,
    requestId: 9,
    source: 3,
    target: { kind: 'endpoint', endpoint: 1 },
  })
  const content = bodyOf(answer)
  return { status, value: status === Status.OK ? decodeBody(content) : decodeError(content) }
}

function evaluate(run: () => unknown, mode?: Mode): Promise<Answer> {
  const body = { dialect: 'discord.js', op: 'eval', script: 'the script' }
  return ask({ _eval: run }, Verb.EVAL_DIALECT, body, mode)
}

function fetch(client: Record<string, unknown>, prop: unknown): Promise<Answer> {
  return ask(client, Verb.CALL_DIALECT, { dialect: 'discord.js', op: 'fetch', prop })
}

function nameAndScript(this: { readonly name: string }, script: string): string[] {
  return [this.name, script]
}

function mustNotRun(): never {
  throw new Error('must not run')
}

describe('what an adopted client leaves to others', () => {
  const request = { ...asked, verb: Verb.CALL }
  const body = encodeBody(null, '')

  it.each([
    ['a request by name', encodeEnvelope(request, body)],
    ['a message', encodeEnvelope({ ...request, kind: EnvelopeKind.SEND }, body)],
    ['what has no header', Uint8Array.of(EnvelopeKind.REQUEST, Verb.EVAL, 0)],
  ])('is %s', (_, envelope) => {
    const client = new AdoptedClient(
      { _eval: mustNotRun },
      { instance: 3, mode: 'workers' },
      mustNotRun,
    )
    expect(client.receive(envelope)).toBe(false)
  })
})

describe('an eval of another discord.js bot', () => {
  it('runs in the client, with the client as this', async () => {
    const body = { dialect: 'discord.js', op: 'eval', script: '1 + 1' }
    const { value } = await ask({ name: 'me', _eval: nameAndScript }, Verb.EVAL_DIALECT, body)
    expect(value).toEqual(['me', '1 + 1'])
  })

  it('awaits what it gives', async () => {
    expect(await evaluate(async () => 5)).toEqual({ status: Status.OK, value: 5 })
    expect(await evaluate(() => undefined)).toEqual({ status: Status.OK, value: undefined })
  })

  it('gives what the IPC of a process would carry, and more in a worker', async () => {
    const rich = { at: new Date(0), seen: new Map([[1, 2]]) }
    const asJson = { at: '1970-01-01T00:00:00.000Z', seen: {} }
    expect((await evaluate(() => rich)).value).toEqual(asJson)
    expect((await evaluate(() => rich, 'workers')).value).toEqual(rich)
    expect((await evaluate(() => 5n, 'workers')).value).toBe(5n)
  })

  it('gives 50 MB in one piece', async () => {
    const { value } = await evaluate(() => 'x'.repeat(50_000_000))
    expect(typeof value === 'string' && value.length).toBe(50_000_000)
  })

  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  it.each<[string, unknown, Mode]>([
    ['a cycle', cycle, 'processes'],
    ['a BigInt', 1n, 'processes'],
    ['a cycle', cycle, 'workers'],
    ['a function', { call: () => 1 }, 'workers'],
  ])('ends with an error for %s, %o, in %s', async (_what, result, mode) => {
    expect(await evaluate(() => result, mode)).toMatchObject({
      status: Status.ERROR,
      value: { code: 'DM_BODY_UNSUPPORTED' },
    })
  })

  it('ends with an error for what is too large', async () => {
    const { value } = await evaluate(() => 'x'.repeat(limits.bodyBytesMax + 1))
    expect(value).toMatchObject({ code: 'DM_BODY_TOO_LARGE' })
  })
})

describe('an eval that throws', () => {
  it('an Error gives it whole', async () => {
    const { status, value } = await evaluate(() => {
      throw new RangeError('too far')
    })
    expect(status).toBe(Status.ERROR)
    expect(value).toMatchObject({
      code: 'DM_REMOTE',
      message: 'the eval threw RangeError: too far',
      cause: { name: 'RangeError', message: 'too far', stack: expect.stringContaining('too far') },
    })
  })

  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const hostile = Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('no message for you')
    },
  })
  it.each<[string, unknown]>([
    ['a text', 'text'],
    ['undefined', undefined],
    ['null', null],
    ['a BigInt', 1n],
    ['a cycle', cycle],
    ['a function', () => 1],
    ['an Error with a getter that throws', hostile],
    ['an object without anything', Object.create(null)],
  ])('%s gives an answer', async (_what, thrown) => {
    const throwing = evaluate(() => {
      throw thrown
    })
    expect(await throwing).toMatchObject({ status: Status.ERROR, value: { code: 'DM_REMOTE' } })
    const rejecting = evaluate(() => Promise.reject(thrown))
    expect(await rejecting).toMatchObject({ status: Status.ERROR, value: { code: 'DM_REMOTE' } })
  })
})

describe('a property that another discord.js bot fetches', () => {
  it('is found by its path, getters and all', async () => {
    const guilds = {
      get cache() {
        return new Map([['1', {}]])
      },
    }
    const client = { guilds, readyTimestamp: null }
    expect((await fetch(client, 'guilds.cache.size')).value).toBe(1)
    expect((await fetch(client, 'readyTimestamp')).value).toBeNull()
    expect((await fetch(client, 'nothing')).value).toBeUndefined()
  })

  it('that is nowhere gives the TypeError of looking for it', async () => {
    expect((await fetch({}, 'guilds.cache.size')).value).toMatchObject({
      code: 'DM_REMOTE',
      message: expect.stringContaining('fetching "guilds.cache.size"'),
      cause: { name: 'TypeError' },
    })
  })
})

describe('anything else', () => {
  const script = '1'
  it.each<[Verb, unknown]>([
    // Routers refuse scripts by verb, so a script under another one has slipped by them.
    [Verb.CALL_DIALECT, { dialect: 'discord.js', op: 'eval', script }],
    [Verb.EVAL_DIALECT, { dialect: 'discord.js', op: 'fetch', prop: 'a' }],
    [Verb.EVAL_DIALECT, { dialect: 'discordoo', op: 'eval', script }],
    [Verb.EVAL_DIALECT, { dialect: 'discord.js', op: 'eval', script: 7 }],
    [Verb.CALL_DIALECT, { dialect: 'discord.js', op: 'fetch', prop: ['a'] }],
    [Verb.CALL_DIALECT, 'text'],
  ])('is refused: verb %d with %j', async (verb, body) => {
    expect(await ask({ _eval: mustNotRun }, verb, body)).toMatchObject({
      status: Status.ERROR,
      value: { code: 'DM_HANDLER_UNKNOWN' },
    })
  })
})

describe('an eval of a manager', () => {
  it('finds the client and the context in its argument, and gives values whole', async () => {
    const source = '({ client, n }) => new Map([[client.name, n + 1n]])'
    const body = { form: 'function', source, context: { n: 1n, client: 'not this one' } }
    const { value } = await ask({ name: 'me' }, Verb.EVAL, body)
    expect(value).toEqual(new Map([['me', 2n]]))
  })

  it('that does not compile is answered', async () => {
    const { value } = await ask({}, Verb.EVAL, { form: 'function', source: '=>' })
    expect(value).toMatchObject({ code: 'DM_EVAL_SCRIPT' })
  })
})

describe('the end of an adopted client', () => {
  const identity = { instance: 0, mode: 'processes' } as const
  it('is its own destroy', async () => {
    let destroyed = 0
    const destroy = async () => {
      destroyed += 1
    }
    await new AdoptedClient({ _eval() {}, destroy }, identity, () => true).destroy()
    expect(destroyed).toBe(1)
    await new AdoptedClient({ _eval() {} }, identity, () => true).destroy()
  })
})
