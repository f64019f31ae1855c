/**
 * Makes what stands in `docs/protocol/golden.json` from the code: every kind of bytes that managers
 * exchange, with fixed keys, nonces and contents, for peers in other languages to check against.
 */
import { Encoder } from '../../../src/link/codec/encoder.js'
import { encodeFarewell } from '../../../src/link/codec/farewell.js'
import type { FrameName } from '../../../src/link/codec/frame-types.js'
import {
  encodeCount,
  encodeDataHeader,
  encodeHeartbeat,
  encodeHeartbeatAnswer,
} from '../../../src/link/codec/payloads.js'
import { encodePreface } from '../../../src/link/codec/preface.js'
import { encodeControl, LinkMessageKind } from '../../../src/modes/machines/control-messages.js'
import { encodeBody } from '../../../src/routing/body-codec.js'
import { managerEndpoint, parentEndpoint } from '../../../src/routing/endpoint.js'
import { EnvelopeKind, Status, Verb } from '../../../src/routing/envelope.js'
import { encodeEnvelope } from '../../../src/routing/envelope-codec.js'
import {
  firstQuestions,
  joinBodies,
  joined,
  noQuestions,
  question,
} from '../../../src/routing/questions.js'
import { goldenHandshakes, type HandshakeVector, type WireStep } from './golden-handshakes.js'

interface Named {
  readonly what: string
  readonly hex: string
}

export interface Golden {
  readonly about: string
  readonly prefaces: readonly Named[]
  readonly handshakes: readonly HandshakeVector[]
  readonly session: readonly WireStep[]
  readonly linkMessages: readonly Named[]
  readonly envelopes: readonly Named[]
  readonly bodies: readonly Named[]
}

export function goldenVectors(): Golden {
  return {
    about:
      'Bytes of protocol version 1, hex. Made from the code and checked against it by a test; see golden.md.',
    prefaces: prefaces(),
    handshakes: goldenHandshakes(),
    session: session(),
    linkMessages: linkMessages(),
    envelopes: envelopes(),
    bodies: bodies(),
  }
}

/** As it stands in the file. */
export function goldenText(golden: Golden): string {
  return `${JSON.stringify(golden, null, 2)}\n`
}

function named(what: string, bytes: Uint8Array): Named {
  return { what, hex: Buffer.from(bytes).toString('hex') }
}

function text(words: string): Uint8Array {
  return Buffer.from(words, 'utf8')
}

function prefaces(): Named[] {
  const ranges = [
    { min: 1, max: 1 },
    { min: 1, max: 2 },
    { min: 2, max: 255 },
  ]
  return ranges.map((range) => named(`${range.min}..${range.max}`, encodePreface(range).bytes))
}

function step(
  from: WireStep['from'],
  what: string,
  name: FrameName,
  ...parts: readonly Uint8Array[]
): WireStep {
  const encoder = new Encoder()
  encoder.frame(name, ...parts)
  return { from, what, hex: Buffer.concat(encoder.take()).toString('hex') }
}

function data(from: WireStep['from'], number: number, rest: number, words: string): WireStep {
  const bytes = text(words)
  const what = `DATA ${number}, ${rest} bytes of the message to follow: ${JSON.stringify(words)}`
  return step(from, what, 'DATA', encodeDataHeader({ number, rest, bytes }), bytes)
}

/** What two sides say in a short session; heartbeats may come between the parts of a message. */
function session(): WireStep[] {
  return [
    step('parent', 'HEARTBEAT 1', 'HEARTBEAT', encodeHeartbeat(1)),
    data('parent', 1, 0, 'hello'),
    step(
      'child',
      'HEARTBEAT_ACK 1, 12 ms late',
      'HEARTBEAT_ACK',
      encodeHeartbeatAnswer({ id: 1, lagMs: 12 }),
    ),
    data('child', 1, 0, ''),
    step('child', 'ACK 1', 'ACK', encodeCount(1)),
    data('parent', 2, 8, 'a large '),
    step('parent', 'HEARTBEAT 2', 'HEARTBEAT', encodeHeartbeat(2)),
    data('parent', 3, 3, 'messa'),
    data('parent', 4, 0, 'ge!'),
    step('child', 'ACK 4', 'ACK', encodeCount(4)),
    step('parent', 'ACK 1', 'ACK', encodeCount(1)),
    step('parent', 'CLOSE', 'CLOSE', encodeFarewell('DM_STOPPED', 'the manager is stopping')),
  ]
}

function linkMessages(): Named[] {
  const body = encodeBody('ping', 'message')
  const send = encodeEnvelope({ ...message, target: { kind: 'all' } }, body)
  return [
    named('CONTROL stop', encodeControl({ op: 'stop', reason: 'the parent stops' })),
    named('CONTROL started', encodeControl({ op: 'started', revision: 3 })),
    named('ENVELOPE', Buffer.concat([Uint8Array.of(LinkMessageKind.ENVELOPE), send])),
  ]
}

const message = {
  kind: EnvelopeKind.SEND,
  verb: Verb.MESSAGE,
  status: Status.NONE,
  requestId: 1,
  source: 0,
  budgetMs: 0,
  questions: noQuestions,
} as const
const call = {
  ...message,
  kind: EnvelopeKind.REQUEST,
  verb: Verb.CALL,
  requestId: 2,
  questions: firstQuestions(1),
} as const
const asker = { kind: 'endpoint', endpoint: 0 } as const

/** Every kind, every kind of target, every status. */
function envelopes(): Named[] {
  const body = encodeBody('ping', 'message')
  const answer = { ...call, kind: EnvelopeKind.RESPONSE, source: 4, target: asker } as const
  const range = { from: 3, to: 5 }
  const evaluate = { ...call, verb: Verb.EVAL, budgetMs: 30_000, source: parentEndpoint } as const
  const reports = {
    ...call,
    questions: noQuestions,
    source: managerEndpoint(1),
    target: asker,
  } as const
  const made: [string, Parameters<typeof encodeEnvelope>[0]][] = [
    ['SEND to all', { ...message, target: { kind: 'all' } }],
    ['SEND to shards 3-5', { ...message, target: { kind: 'shards', ranges: [range] } }],
    ['SEND to machines', { ...message, target: { kind: 'machines', names: ['m0', 'Köln'] } }],
    ['SEND to a guild', { ...message, target: { kind: 'guild', id: '81384788765712384' } }],
    ['SEND delivered from m0', { ...message, target: { kind: 'delivered', machine: 'm0' } }],
    ['REQUEST CALL to all, 30,000 ms', { ...call, budgetMs: 30_000, target: { kind: 'all' } }],
    [
      'REQUEST EVAL of the parent to instances 3-5 and 9',
      { ...evaluate, target: { kind: 'instances', ranges: [range, { from: 9, to: 9 }] } },
    ],
    ['RESPONSE ok of instance 4', { ...answer, status: Status.OK }],
    ['RESPONSE error', { ...answer, status: Status.ERROR }],
    ['RESPONSE timeout', { ...answer, status: Status.TIMEOUT }],
    ['RESPONSE offline', { ...answer, status: Status.OFFLINE }],
    ['EXPECT of the manager of machine 1', { ...reports, kind: EnvelopeKind.EXPECT }],
    ['FAULT', { ...reports, kind: EnvelopeKind.FAULT }],
    [
      'SEND TELL to the manager of all',
      { ...message, verb: Verb.TELL, target: { kind: 'manager' } },
    ],
    [
      'REQUEST EVAL_DIALECT to all',
      { ...call, verb: Verb.EVAL_DIALECT, budgetMs: 30_000, target: { kind: 'all' } },
    ],
    [
      'REQUEST CALL_DIALECT to all',
      { ...call, verb: Verb.CALL_DIALECT, budgetMs: 30_000, target: { kind: 'all' } },
    ],
    ['UNDELIVERED', { ...reports, kind: EnvelopeKind.UNDELIVERED, verb: Verb.MESSAGE }],
  ]
  const three = { ...call, questions: firstQuestions(3), target: { kind: 'all' } } as const
  const two = { ...answer, questions: joined(question(0), question(2)), status: Status.OK } as const
  return [
    ...made.map(([what, header]) => named(what, encodeEnvelope(header, body))),
    named('REQUEST CALL of three questions', encodeEnvelope(three, joinBodies([body, body, body]))),
    named('RESPONSE ok to the first and the third', encodeEnvelope(two, joinBodies([body, body]))),
  ]
}

/** Every tag, and every `$dm` type. `what` is the value in JavaScript. */
const values: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['{ a: [1, "two", null, true] }', { a: [1, 'two', null, true] }],
  ['"Grüße"', 'Grüße'],
  ['Uint8Array.of(1, 2, 255)', Uint8Array.of(1, 2, 255)],
  ['Buffer.of(1, 2, 255)', Buffer.of(1, 2, 255)],
  ['[undefined]', [undefined]],
  ['[NaN, Infinity, -Infinity, -0]', [Number.NaN, Infinity, -Infinity, -0]],
  ['12345678901234567890n', 12_345_678_901_234_567_890n],
  ['new Date(0)', new Date(0)],
  ['new Date(NaN)', new Date(Number.NaN)],
  ['/a+/gi', /a+/gi],
  ['new Map([["k", 1n]])', new Map([['k', 1n]])],
  ['new Set([1, "two"])', new Set([1, 'two'])],
  ['Uint16Array.of(1, 256)', Uint16Array.of(1, 256)],
  ['{ "$dm": "mine" }', { $dm: 'mine' }],
  [
    'a RangeError with message "too far", code "E_FAR", no stack',
    Object.assign(new RangeError('too far'), { code: 'E_FAR', stack: undefined }),
  ],
]

function bodies(): Named[] {
  return values.map(([what, value]) => named(what, encodeBody(value, 'value')))
}

/** The values again, for the way back. */
export const goldenValues: readonly unknown[] = values.map(([, value]) => value)
