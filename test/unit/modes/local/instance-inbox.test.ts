import { describe, expect, it } from 'vitest'
import { limits } from '../../../../src/limits.js'
import { InstanceInbox } from '../../../../src/modes/local/instance-inbox.js'
import type { EnvelopeHeader } from '../../../../src/routing/envelope.js'
import { EnvelopeKind, Status, Verb } from '../../../../src/routing/envelope.js'
import { encodeEnvelope } from '../../../../src/routing/envelope-codec.js'

type Spoken = 'discordoo' | 'discord.js' | undefined

function setUp(spoken?: Spoken) {
  const log: string[] = []
  const desk = {
    spoken,
    get answersHere() {
      return this.spoken === 'discordoo'
    },
    take(_: Uint8Array, { requestId }: EnvelopeHeader) {
      log.push(`desk ${requestId}`)
      return true
    },
    settle(_: Uint8Array, { requestId }: EnvelopeHeader) {
      log.push(`settled ${requestId}`)
      return true
    },
  }
  const inbox = new InstanceInbox(desk, (bytes) => {
    log.push(`channel ${new DataView(bytes.buffer, bytes.byteOffset).getUint32(4)}`)
    return true
  })
  return { log, desk, inbox }
}

let requestId = 0

function envelope(kind: EnvelopeKind, verb: Verb, body = new Uint8Array(0)): Uint8Array {
  const asks = kind === EnvelopeKind.SEND || kind === EnvelopeKind.REQUEST
  const target: EnvelopeHeader['target'] = asks
    ? { kind: 'delivered', machine: 'm' }
    : { kind: 'endpoint', endpoint: 0 }
  const status = kind === EnvelopeKind.RESPONSE ? Status.OK : Status.NONE
  requestId += 1
  const questions = kind === EnvelopeKind.REQUEST || kind === EnvelopeKind.RESPONSE ? 1 : 0
  const header = { kind, verb, status, requestId, source: 1, budgetMs: 0, questions, target }
  return encodeEnvelope(header, body)
}

const { SEND, REQUEST, RESPONSE } = EnvelopeKind
const { MESSAGE, EVAL, CALL, EVAL_DIALECT, CALL_DIALECT, TELL } = Verb

function takersOf(spoken: Spoken, isAttached: boolean): string[] {
  const { inbox, log } = setUp(spoken)
  if (isAttached) inbox.attached()
  for (const [kind, verb] of [
    [SEND, MESSAGE],
    [REQUEST, EVAL],
    [REQUEST, CALL],
    [REQUEST, EVAL_DIALECT],
    [REQUEST, CALL_DIALECT],
    [SEND, TELL],
  ] as const) {
    if (!inbox.deliver(envelope(kind, verb))) log.push('refused')
    else if (log.length + inbox.takeHeld().length === 0) log.push('nothing')
  }
  return log.map((line) => line.split(' ')[0] ?? '')
}

describe('who takes what the network sends', () => {
  it('a bot that is attached and speaks no dialect: all native verbs', () => {
    expect(takersOf(undefined, true)).toEqual(['channel', 'channel', 'channel'])
  })

  it('a discordoo bot: the desk takes everything', () => {
    expect(takersOf('discordoo', false)).toEqual(Array.from({ length: 6 }, () => 'desk'))
  })

  it('a discord.js bot: evals and dialect calls its preload, the rest the desk', () => {
    expect(takersOf('discord.js', false)).toEqual([
      'desk',
      'channel',
      'desk',
      'channel',
      'channel',
      'desk',
    ])
  })

  it('a bot with both: native verbs by the channel, words of the dialect as without', () => {
    expect(takersOf('discordoo', true)).toEqual([
      'channel',
      'channel',
      'channel',
      'desk',
      'desk',
      'desk',
    ])
    expect(takersOf('discord.js', true)).toEqual([
      'channel',
      'channel',
      'channel',
      'channel',
      'channel',
      'desk',
    ])
  })

  it('answers go to who asked', () => {
    const { inbox, log } = setUp('discordoo')
    inbox.deliver(envelope(RESPONSE, EVAL_DIALECT))
    inbox.deliver(envelope(RESPONSE, EVAL))
    inbox.deliver(envelope(EnvelopeKind.UNDELIVERED, TELL))
    inbox.deliver(envelope(EnvelopeKind.UNDELIVERED, MESSAGE))
    expect(log.map((line) => line.split(' ')[0])).toEqual([
      'settled',
      'channel',
      'settled',
      'channel',
    ])
  })
})

describe('what comes before the dialect is known', () => {
  it('waits, and is handed over in order', () => {
    const { inbox, log, desk } = setUp()
    const first = requestId + 1
    for (let n = 0; n < 3; n += 1) expect(inbox.deliver(envelope(SEND, MESSAGE))).toBe(true)
    expect(log).toEqual([])
    desk.spoken = 'discordoo'
    inbox.release()
    expect(log).toEqual([0, 1, 2].map((n) => `desk ${first + n}`))
  })

  it('goes on waiting where only others were meant', () => {
    const { inbox, log } = setUp()
    inbox.deliver(envelope(REQUEST, EVAL_DIALECT))
    inbox.deliver(envelope(SEND, MESSAGE))
    inbox.attached()
    expect(log.map((line) => line.split(' ')[0])).toEqual(['channel'])
    expect(inbox.takeHeld()).toHaveLength(1)
  })

  it('is refused when too much waits already, and can be told at the end', () => {
    const { inbox } = setUp()
    const half = new Uint8Array(limits.channelBacklogBytesMax / 2)
    expect(inbox.deliver(envelope(SEND, MESSAGE, half))).toBe(true)
    expect(inbox.deliver(envelope(SEND, MESSAGE, half))).toBe(false)
    expect(inbox.takeHeld()).toHaveLength(1)
    expect(inbox.takeHeld()).toEqual([])
  })
})
