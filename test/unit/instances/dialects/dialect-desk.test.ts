import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import type {
  Dialect,
  DialectHost,
  DialectName,
} from '../../../../src/instances/dialects/dialect.js'
import { DialectDesk } from '../../../../src/instances/dialects/dialect-desk.js'
import { closedIpc } from '../../../../src/modes/local/launchers/bot-ipc.js'
import { decodeBody, encodeBody } from '../../../../src/routing/body-codec.js'
import { EnvelopeKind, Status, Verb } from '../../../../src/routing/envelope.js'
import { bodyOf, decodeHeader, encodeEnvelope } from '../../../../src/routing/envelope-codec.js'
import { decodeError } from '../../../../src/routing/error-body.js'
import { VirtualSystem } from '../../../support/virtual-system.js'

class FakeDialect implements Dialect {
  readonly name: DialectName
  readonly host: DialectHost
  readonly heard: unknown[] = []
  isClosed = false
  answer: NonNullable<Dialect['answer']> | undefined

  constructor(name: DialectName, host: DialectHost) {
    this.name = name
    this.host = host
  }

  told(message: unknown): void {
    this.heard.push(['told', message])
  }

  message(message: unknown, from: unknown): boolean {
    this.heard.push(['message', message, from])
    return message !== 'refuse me'
  }

  stop(): boolean {
    return true
  }

  close(): void {
    this.isClosed = true
  }
}

function setUp() {
  const system = new VirtualSystem(1)
  const sent: Uint8Array[] = []
  const events: unknown[] = []
  const made: Partial<Record<DialectName, FakeDialect>> = {}
  const candidate = (name: DialectName) => (host: DialectHost) => {
    const dialect = new FakeDialect(name, host)
    made[name] = dialect
    return dialect as Dialect
  }
  const desk = new DialectDesk({
    spec: {
      instance: 4,
      shards: [8, 9],
      totalShards: 16,
      mode: 'processes',
      managerIpcId: '1',
      instanceIpcId: '2',
    },
    system,
    ipc: closedIpc(),
    candidates: { discordoo: candidate('discordoo'), 'discord.js': candidate('discord.js') },
    callTimeoutMs: 500,
    instanceCount: () => 8,
    hasShard: (shard) => shard < 16,
    send: (envelope) => {
      sent.push(envelope)
      return true
    },
    events: {
      recognised: (name) => events.push(`recognised ${name}`),
      ready: () => events.push('ready'),
      failed: (error) => events.push(`failed ${error.code}`),
      gateway: (state) => events.push(state),
      undelivered: (report) => events.push(report),
      warning: (error) => events.push(`warning ${error.code}`),
    },
  })
  const of = (name: DialectName) => {
    const dialect = made[name]
    if (dialect === undefined) throw new Error(`no ${name}`)
    return dialect
  }
  return { system, sent, events, desk, doo: of('discordoo'), djs: of('discord.js') }
}

function incoming(kind: EnvelopeKind, verb: Verb, value: unknown) {
  const target = { kind: 'delivered', machine: 'far' } as const
  const questions = kind === EnvelopeKind.SEND ? 0 : 1
  const rest = { status: Status.NONE, requestId: 9, source: 1, budgetMs: 70, questions, target }
  const header = { kind, verb, ...rest }
  const envelope = encodeEnvelope(header, encodeBody(value, ''))
  return [envelope, decodeHeader(envelope)] as const
}

describe('finding out which dialect a bot speaks', () => {
  it('the first that shows itself counts, and the others stop listening', () => {
    const { desk, doo, djs, events } = setUp()
    expect([desk.spoken, desk.answersHere]).toEqual([undefined, false])
    djs.host.recognised()
    doo.host.recognised()
    expect(desk.spoken).toBe('discord.js')
    expect([doo.isClosed, djs.isClosed]).toEqual([true, false])
    expect(events).toEqual(['recognised discord.js'])
  })

  it('what others say of the bot does not count', () => {
    const { doo, djs, events } = setUp()
    doo.host.ready()
    djs.host.recognised()
    doo.host.failed(new MachinesError('DM_INTERNAL', 'no'))
    doo.host.gateway('resumed')
    djs.host.gateway('reconnecting')
    djs.host.ready()
    expect(events).toEqual(['recognised discord.js', 'reconnecting', 'ready'])
  })

  it('nothing counts after the end', () => {
    const { desk, doo, events } = setUp()
    doo.host.recognised()
    desk.close()
    doo.host.ready()
    doo.host.warn(new MachinesError('DM_INTERNAL', 'no'))
    expect(doo.isClosed).toBe(true)
    expect(events).toEqual(['recognised discordoo'])
  })
})

describe('what the network asks', () => {
  it('is answered by the dialect, whatever it throws', async () => {
    const { desk, doo, sent } = setUp()
    doo.host.recognised()
    doo.answer = async (request, timeoutMs) => {
      if (request.kind === 'eval') throw new MachinesError('DM_REMOTE', 'it threw')
      return { ...request.message, runsCode: request.runsCode, timeoutMs }
    }
    const word = { dialect: 'discordoo', op: 'x' }
    expect(desk.take(...incoming(EnvelopeKind.REQUEST, Verb.CALL_DIALECT, word))).toBe(true)
    const script = { form: 'body', source: 'throw 1', context: {} }
    desk.take(...incoming(EnvelopeKind.REQUEST, Verb.EVAL, script))
    await expect.poll(() => sent.length).toBe(2)
    const [ok, failed] = sent.map((envelope) => [decodeHeader(envelope), bodyOf(envelope)] as const)
    expect(ok?.[0]).toMatchObject({ status: Status.OK, source: 4, requestId: 9 })
    expect(decodeBody(ok?.[1] ?? new Uint8Array())).toEqual({
      ...word,
      runsCode: false,
      timeoutMs: 70,
    })
    expect(failed?.[0].status).toBe(Status.ERROR)
    expect(decodeError(failed?.[1] ?? new Uint8Array()).code).toBe('DM_REMOTE')
  })

  it('named requests find no handler in a bot without our API', async () => {
    const { desk, djs, sent } = setUp()
    djs.host.recognised()
    desk.take(...incoming(EnvelopeKind.REQUEST, Verb.CALL, { name: 'stats' }))
    await expect.poll(() => sent.length).toBe(1)
    expect(decodeError(bodyOf(sent[0] ?? new Uint8Array())).code).toBe('DM_HANDLER_UNKNOWN')
  })

  it('words of another dialect find no handler', async () => {
    const { desk, doo, sent } = setUp()
    doo.host.recognised()
    const word = { dialect: 'discord.js', op: 'eval', script: 's' }
    desk.take(...incoming(EnvelopeKind.REQUEST, Verb.EVAL_DIALECT, word))
    await expect.poll(() => sent.length).toBe(1)
    expect(decodeError(bodyOf(sent[0] ?? new Uint8Array())).code).toBe('DM_HANDLER_UNKNOWN')
  })

  it('a deadline that the dialect sees first is told as one', async () => {
    const { desk, doo, sent } = setUp()
    doo.host.recognised()
    doo.answer = () => Promise.reject(new MachinesError('DM_TIMEOUT', 'too late'))
    const script = { form: 'body', source: '', context: {} }
    desk.take(...incoming(EnvelopeKind.REQUEST, Verb.EVAL, script))
    await expect.poll(() => sent.length).toBe(1)
    expect(decodeHeader(sent[0] ?? new Uint8Array()).status).toBe(Status.TIMEOUT)
  })

  it('messages and words are told, and what the bot does not take is said', () => {
    const { desk, doo } = setUp()
    doo.host.recognised()
    expect(desk.take(...incoming(EnvelopeKind.SEND, Verb.MESSAGE, 'hi'))).toBe(true)
    expect(desk.take(...incoming(EnvelopeKind.SEND, Verb.MESSAGE, 'refuse me'))).toBe(false)
    const word = { dialect: 'discordoo', op: 'y' }
    expect(desk.take(...incoming(EnvelopeKind.SEND, Verb.TELL, word))).toBe(true)
    desk.take(...incoming(EnvelopeKind.SEND, Verb.TELL, { ...word, dialect: 'discord.js' }))
    const from = { instance: 1, machine: 'far' }
    expect(doo.heard).toEqual([
      ['message', 'hi', from],
      ['message', 'refuse me', from],
      ['told', word],
    ])
  })

  it('is not taken before a dialect is known', () => {
    const { desk } = setUp()
    expect(desk.take(...incoming(EnvelopeKind.SEND, Verb.TELL, {}))).toBe(false)
  })
})

describe('what the bot asks of the network', () => {
  it('goes out in the name of the instance, and ends at its deadline', async () => {
    const { system, sent, doo } = setUp()
    const message = { dialect: 'discordoo', op: 'size' } as const
    const asked = doo.host.network.ask({ shard: 3 }, message, { runsCode: true })
    asked.catch(() => {})
    const header = decodeHeader(sent[0] ?? new Uint8Array())
    expect(header).toMatchObject({ verb: Verb.EVAL_DIALECT, source: 4, budgetMs: 500 })
    expect(doo.host.network.instanceCount).toBe(8)
    await system.advance(5_000)
    await expect(asked).rejects.toMatchObject({ code: 'DM_TIMEOUT' })
  })

  it('what does not arrive is reported', async () => {
    const { sent, desk, djs, events } = setUp()
    djs.host.network.messageManager({ n: 1 })
    const header = decodeHeader(sent[0] ?? new Uint8Array())
    expect(header).toMatchObject({ verb: Verb.TELL, target: { kind: 'manager' } })
    const target = { kind: 'endpoint', endpoint: 4 } as const
    const report = encodeEnvelope(
      { ...header, kind: EnvelopeKind.UNDELIVERED, target },
      encodeBody({ instances: '', code: 'DM_OFFLINE', message: 'gone' }, ''),
    )
    expect(desk.settle(report, decodeHeader(report))).toBe(true)
    await Promise.resolve()
    expect(events).toMatchObject([{ messageId: header.requestId, reason: { code: 'DM_OFFLINE' } }])
  })
})
