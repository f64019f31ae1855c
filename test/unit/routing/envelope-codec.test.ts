import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../src/errors.js'
import { limits } from '../../../src/limits.js'
import type { EnvelopeHeader } from '../../../src/routing/envelope.js'
import { EnvelopeKind, Status, Verb } from '../../../src/routing/envelope.js'
import {
  bodyOf,
  decodeHeader,
  encodeEnvelope,
  retarget,
  withSource,
} from '../../../src/routing/envelope-codec.js'
import type { ResolvedTarget } from '../../../src/routing/resolved-target.js'

const u32 = fc.nat({ max: 0xffff_ffff })

const ranges = fc
  .uniqueArray(u32, { minLength: 2, maxLength: 40 })
  .map((edges) => edges.slice(edges.length % 2).toSorted((a, b) => a - b))
  .map((edges) => {
    const pairs = []
    for (let i = 0; i < edges.length; i += 2)
      pairs.push({ from: edges[i] ?? 0, to: edges[i + 1] ?? 0 })
    return pairs
  })

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .filter((text) => Buffer.from(text).toString() === text)

const asked: fc.Arbitrary<ResolvedTarget> = fc.oneof(
  fc.constant({ kind: 'all' } as const),
  fc.record({ kind: fc.constantFrom('instances', 'shards'), ranges }),
  fc.record({
    kind: fc.constant('machines'),
    names: fc.array(name, { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('guild'),
    id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  }),
  fc.record({ kind: fc.constant('delivered'), machine: fc.oneof(name, fc.constant('')) }),
)

const asker = fc.record({ kind: fc.constant('endpoint'), endpoint: u32 })

const call = fc.constantFrom(Verb.EVAL, Verb.CALL, Verb.EVAL_DIALECT, Verb.CALL_DIALECT)
const word = fc.constantFrom(Verb.MESSAGE, Verb.TELL)
const none = fc.constant(Status.NONE)
const rest = { requestId: u32, source: u32, budgetMs: u32 }
const nothing = fc.constant(0)
const fromFirst = fc.integer({ min: 1, max: 32 }).map((count) => 2 ** count - 1)
const some = fc.integer({ min: 1, max: 0xffff_ffff })

const header: fc.Arbitrary<EnvelopeHeader> = fc.oneof(
  fc.record({
    kind: fc.constant(EnvelopeKind.SEND),
    verb: word,
    status: none,
    target: fc.oneof(asked, fc.constant({ kind: 'manager' } as const)),
    questions: nothing,
    ...rest,
  }),
  fc.record({
    kind: fc.constant(EnvelopeKind.REQUEST),
    verb: call,
    status: none,
    target: asked,
    questions: fromFirst,
    ...rest,
  }),
  fc.record({
    kind: fc.constant(EnvelopeKind.UNDELIVERED),
    verb: word,
    status: none,
    target: asker,
    questions: nothing,
    ...rest,
  }),
  fc.record({
    kind: fc.constant(EnvelopeKind.RESPONSE),
    verb: call,
    status: fc.constantFrom(Status.OK, Status.ERROR, Status.TIMEOUT, Status.OFFLINE),
    target: asker,
    questions: some,
    ...rest,
  }),
  fc.record({
    kind: fc.constantFrom(EnvelopeKind.EXPECT, EnvelopeKind.FAULT),
    verb: call,
    status: none,
    target: asker,
    questions: nothing,
    ...rest,
  }),
)

const body = fc.uint8Array({ maxLength: 64 })

function expectInvalidOrFine(bytes: Uint8Array): void {
  try {
    decodeHeader(bytes)
    bodyOf(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(MachinesError)
    expect(error).toMatchObject({ code: 'DM_ENVELOPE_INVALID' })
  }
}

const request: EnvelopeHeader = {
  kind: EnvelopeKind.REQUEST,
  verb: Verb.EVAL,
  status: Status.NONE,
  requestId: 0x0102_0304,
  source: 7,
  budgetMs: 30_000,
  questions: 1,
  target: {
    kind: 'instances',
    ranges: [
      { from: 3, to: 5 },
      { from: 9, to: 9 },
    ],
  },
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
}

describe('layout', () => {
  it.each([
    [
      request,
      `02 02 00 01  01020304  00000007  00007530  00000001  00000010
       00000003 00000005 00000009 00000009  beef`,
    ],
    [
      { ...request, target: { kind: 'all' } },
      '02 02 00 00  01020304  00000007  00007530  00000001  00000000  beef',
    ],
    [
      { ...request, target: { kind: 'machines', names: ['eu', 'ü'] } },
      '02 02 00 03  01020304  00000007  00007530  00000001  00000008  0002 6575 0002 c3bc  beef',
    ],
    [
      { ...request, target: { kind: 'guild', id: '81384788765712384' } },
      '02 02 00 04  01020304  00000007  00007530  00000001  00000008  01212308c0802000  beef',
    ],
    [
      { ...request, target: { kind: 'delivered', machine: 'eu' } },
      '02 02 00 06  01020304  00000007  00007530  00000001  00000002  6575  beef',
    ],
    [
      {
        ...request,
        kind: EnvelopeKind.RESPONSE,
        status: Status.ERROR,
        target: { kind: 'endpoint', endpoint: 0xffff_ffff },
      },
      '03 02 02 05  01020304  00000007  00007530  00000001  00000004  ffffffff  beef',
    ],
  ] as [EnvelopeHeader, string][])('%j', (given, expected) => {
    const bytes = encodeEnvelope(given, hex('beef'))
    expect(Buffer.from(bytes).toString('hex')).toBe(hex(expected).toString('hex'))
    expect(decodeHeader(bytes)).toEqual(given)
  })
})

describe('round trip', () => {
  it('gives back header and body, also from within a larger buffer', () => {
    fc.assert(
      fc.property(header, body, (given, content) => {
        const bytes = encodeEnvelope(given, content)
        const larger = new Uint8Array(bytes.length + 7)
        larger.set(bytes, 5)
        for (const view of [bytes, larger.subarray(5, 5 + bytes.length)]) {
          expect(decodeHeader(view)).toEqual(given)
          expect([...bodyOf(view)]).toEqual([...content])
        }
      }),
    )
  })

  it('retarget changes target and source and copies the rest', () => {
    fc.assert(
      fc.property(header, asked, body, u32, (given, target, content, source) => {
        fc.pre(given.target.kind !== 'endpoint')
        const bytes = encodeEnvelope(given, content)
        const before = bytes.slice()
        expect(retarget(bytes, target)).toEqual(encodeEnvelope({ ...given, target }, content))
        expect(retarget(bytes, target, source)).toEqual(
          encodeEnvelope({ ...given, target, source }, content),
        )
        expect(bytes).toEqual(before)
      }),
    )
  })

  it('withSource copies only when there is something to change', () => {
    const bytes = encodeEnvelope(request, hex('00'))
    expect(withSource(bytes, 7)).toBe(bytes)
    expect(decodeHeader(withSource(bytes, 8))).toEqual({ ...request, source: 8 })
    expect(decodeHeader(bytes).source).toBe(7)
  })

  it('the body is a view', () => {
    const bytes = encodeEnvelope(request, hex('beef'))
    expect(bodyOf(bytes).buffer).toBe(bytes.buffer)
  })
})

describe('what makes no sense is refused', () => {
  const fixed = (start: string, length: string, questions = '00000001') =>
    hex(`${start} 01020304 00000007 00007530 ${questions} ${length}`)

  it.each([
    ['nothing', hex('')],
    ['a header cut short', fixed('02 02 00 00', '00000000').subarray(0, 23)],
    ['a target longer than the envelope', fixed('02 02 00 00', 'ffffffff')],
    ['an unknown kind', fixed('00 02 00 00', '00000000')],
    ['an unknown verb', fixed('02 09 00 00', '00000000')],
    ['an unknown status', fixed('03 02 05 05', '00000004 00000001')],
    ['an unknown target', fixed('02 02 00 07', '00000000')],
    ['a request of nothing', fixed('02 02 00 00', '00000000', '00000000')],
    ['a request that leaves a question out', fixed('02 02 00 00', '00000000', '00000005')],
    ['an answer to nothing', fixed('03 02 01 05', '00000004 00000001', '00000000')],
    ['a message with a question', fixed('01 01 00 00', '00000000', '00000001')],
    ['a report with a question', fixed('04 02 00 05', '00000004 00000001', '00000001')],
    ['a message that evaluates', fixed('01 02 00 00', '00000000', '00000000')],
    ['a request with a status', fixed('02 02 01 00', '00000000')],
    ['an answer without a status', fixed('03 02 00 05', '00000004 00000001')],
    ['an answer to everybody', fixed('03 02 01 00', '00000000')],
    ['a request to an endpoint', fixed('02 02 00 05', '00000004 00000001')],
    ["'all' with bytes", fixed('02 02 00 00', '00000001 00')],
    ['half a range', fixed('02 02 00 01', '00000004 00000001')],
    ['no range', fixed('02 02 00 01', '00000000')],
    ['a range that descends', fixed('02 02 00 01', '00000008 00000002 00000001')],
    ['ranges that overlap', fixed('02 02 00 01', '00000010 00000000 00000005 00000005 00000006')],
    ['no machine', fixed('02 02 00 03', '00000000')],
    ['half a machine name', fixed('02 02 00 03', '00000003 0002 65')],
    ['an empty machine name', fixed('02 02 00 03', '00000002 0000')],
    ['a machine name that is not utf-8', fixed('02 02 00 03', '00000003 0001 ff')],
    ['a guild of four bytes', fixed('02 02 00 04', '00000004 00000001')],
    ['an endpoint of eight bytes', fixed('03 02 01 05', '00000008 0000000100000001')],
  ])('%s', (_, bytes) => {
    expect(() => decodeHeader(bytes)).toThrow(
      expect.objectContaining({ code: 'DM_ENVELOPE_INVALID' }),
    )
  })

  it('more ranges or longer names than the limits, both ways', () => {
    const many = Array.from({ length: limits.envelopeTargetsMax + 1 }, (_, i) => ({
      from: 2 * i,
      to: 2 * i,
    }))
    const long = 'x'.repeat(limits.machineNameBytesMax + 1)
    for (const target of [
      { kind: 'shards', ranges: many },
      { kind: 'machines', names: [long] },
      { kind: 'delivered', machine: long },
    ] as const) {
      expect(() => encodeEnvelope({ ...request, target }, hex(''))).toThrow(/envelope header/)
    }
    const atLimit = encodeEnvelope(
      { ...request, target: { kind: 'shards', ranges: many.slice(1) } },
      hex(''),
    )
    const over = Buffer.concat([atLimit, Buffer.from('ffffffffffffffff', 'hex')])
    over.writeUInt32BE(atLimit.length - 24 + 8, 20)
    expect(() => decodeHeader(over)).toThrow(/16385 ranges/)
  })

  it('any mutation decodes or gives DM_ENVELOPE_INVALID', () => {
    fc.assert(
      fc.property(
        header,
        body,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }),
        fc.nat(),
        (given, content, changes, cut) => {
          const bytes = encodeEnvelope(given, content)
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte
          expectInvalidOrFine(bytes)
          expectInvalidOrFine(bytes.subarray(0, cut % (bytes.length + 1)))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('any noise decodes or gives DM_ENVELOPE_INVALID', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), expectInvalidOrFine), {
      numRuns: 2_000,
    })
  })
})
