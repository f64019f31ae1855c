import { describe, expect, it } from 'vitest'
import { readMail } from '../../../src/modes/mail.js'
import { encodeBody } from '../../../src/routing/body-codec.js'
import { managerEndpoint } from '../../../src/routing/endpoint.js'
import { EnvelopeKind, Status, Verb } from '../../../src/routing/envelope.js'
import { decodeHeader, encodeEnvelope } from '../../../src/routing/envelope-codec.js'

function read(value: unknown, verb: Verb = Verb.TELL, source = 3) {
  const envelope = encodeEnvelope(
    {
      kind: EnvelopeKind.SEND,
      verb,
      status: Status.NONE,
      requestId: 1,
      source,
      budgetMs: 0,
      questions: 0,
      target: { kind: 'manager' },
    },
    encodeBody(value, ''),
  )
  return readMail(envelope, decodeHeader(envelope))
}

describe('readMail', () => {
  it('takes a message for what it is, whatever it looks like', () => {
    const message = { op: 'respawn-all', shardDelayMs: 0, respawnDelayMs: 0 }
    expect(read(message, Verb.MESSAGE)).toEqual({ type: 'message', message, instance: 3 })
    expect(read('hi', Verb.MESSAGE, managerEndpoint(0))).toEqual({
      type: 'message',
      message: 'hi',
      instance: undefined,
    })
  })

  it('reads the words of dialects', () => {
    expect(read({ op: 'message', message: [1] })).toEqual({
      type: 'message',
      message: [1],
      instance: 3,
    })
    const times = { shardDelayMs: 5, respawnDelayMs: 6, timeoutMs: 7 }
    expect(read({ op: 'respawn-all', ...times })).toEqual({ type: 'respawn-all', times })
    expect(read({ op: 'rest-sync', success: false })).toEqual({ type: 'rest-sync', success: false })
    expect(read({ op: 'emergency', kind: 3, blockUntil: 9 })).toEqual({
      type: 'emergency',
      kind: 3,
      blockUntil: 9,
    })
  })

  it('does not wait for ready where a bot asks for that', () => {
    const mail = read({ op: 'respawn-all', shardDelayMs: 5, respawnDelayMs: 6, timeoutMs: -1 })
    expect(mail).toMatchObject({ times: { timeoutMs: undefined } })
  })

  it.each([
    'text',
    null,
    {},
    { op: 'unheard of' },
    { op: 'respawn-all' },
    { op: 'respawn-all', shardDelayMs: -1, respawnDelayMs: 0 },
    { op: 'respawn-all', shardDelayMs: 1e12, respawnDelayMs: 0 },
    { op: 'emergency', kind: 'x', blockUntil: 1 },
    { op: 'emergency', kind: 1, blockUntil: Number.NaN },
  ])('makes nothing of %j', (value) => {
    expect(read(value)).toBeUndefined()
  })
})
