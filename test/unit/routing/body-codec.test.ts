import { isDeepStrictEqual } from 'node:util'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../src/errors.js'
import { limits } from '../../../src/limits.js'
import { decodeBody, encodeBody } from '../../../src/routing/body-codec.js'

function roundTrip<T>(value: T): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- that it is one is what the tests find out
  return decodeBody(encodeBody(value, 'value')) as T
}

/** The body as text, to see which form was chosen. */
function formOf(value: unknown): string {
  return Buffer.from(encodeBody(value, 'value')).toString()
}

function body(tag: number, content: string | Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(tag), Buffer.from(content)])
}

describe('plain values', () => {
  it('travel as plain JSON', () => {
    const value = { a: [1, 'two', null, true, { b: -0.5 }] }
    expect(formOf(value)).toBe(`\u0001${JSON.stringify(value)}`)
    expect(roundTrip(value)).toEqual(value)
  })

  it('undefined, text and bytes need no JSON', () => {
    expect(encodeBody(undefined, 'value')).toEqual(Uint8Array.of(0))
    expect(formOf('grüße "x"')).toBe('\u0004grüße "x"')
    expect(Buffer.from(encodeBody(Uint8Array.of(1, 2), 'value'))).toEqual(Buffer.of(3, 1, 2))
    expect(Buffer.from(encodeBody(Buffer.of(1, 2), 'value'))).toEqual(Buffer.of(5, 1, 2))
  })

  // Around the lengths up to which a board and the kept buffer are used.
  it.each([1_024, 1_025, 87_381, 87_382, 100_000])('%i wide characters are whole', (length) => {
    const wide = '€'.repeat(length)
    expect(Buffer.compare(encodeBody(wide, 'value'), body(4, wide))).toBe(0)
    expect(roundTrip({ wide })).toEqual({ wide })
  })

  it('text with half a surrogate pair arrives as it was', () => {
    expect(roundTrip('x\ud800y')).toBe('x\ud800y')
  })
})

/** What it gives, or undefined where it throws. */
function attempt(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): unknown {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}

describe('text in bytes that came', () => {
  it.each(['', '\uFEFFa', 'a\uFFFDb', 'grüße', '\u{10FFFF}'])('is %j again', (text) => {
    expect(decodeBody(body(4, text))).toBe(text)
    expect(decodeBody(new Uint8Array(body(4, text)))).toBe(text)
  })

  it('is refused or taken as a strict decoder does it, in a Buffer or not', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const telling = [0x61, 0xc3, 0xa9, 0xed, 0xa0, 0xef, 0xbf, 0xbd]
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(...telling))
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), (bytes) => {
        const content = Uint8Array.from(bytes)
        const expected = attempt((given) => strict.decode(given), content)
        expect(attempt(decodeBody, body(4, content))).toBe(expected)
        expect(attempt(decodeBody, new Uint8Array(body(4, content)))).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })
})

describe('what JSON cannot say', () => {
  it.each<[string, unknown]>([
    ['undefined in a list', [1, undefined, 3]],
    ['undefined in an object', { a: undefined }],
    ['BigInt', [10n ** 40n, -1n]],
    ['numbers', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]],
    ['dates', [new Date(1_700_000_000_000), new Date(Number.NaN)]],
    [
      'maps',
      new Map<unknown, unknown>([
        ['a', 1],
        [{ k: 1 }, new Map([[1n, undefined]])],
      ]),
    ],
    ['sets', new Set([1, 'a', new Set([2n])])],
    ['bytes', { a: Uint8Array.of(1, 2, 3), b: Buffer.from('hi'), c: new ArrayBuffer(3) }],
    [
      'typed arrays',
      [Float64Array.of(1.5, Number.NaN), BigInt64Array.of(-5n), new DataView(new ArrayBuffer(2))],
    ],
    ['regular expressions', [/a[b/]c/giu, /^$/]],
    ['a bare BigInt', 5n],
    ['a bare NaN', Number.NaN],
    ['sparse lists', [undefined, 1]],
  ])('%s', (_, value) => {
    const back = roundTrip(value)
    expect(back).toStrictEqual(value)
  })

  it('bytes keep their class, and own their memory', () => {
    const back = roundTrip([Buffer.from('abc'), Uint8Array.of(1)] as const)
    expect(Buffer.isBuffer(back[0])).toBe(true)
    expect(back[1].constructor).toBe(Uint8Array)
    expect(back[1].buffer.byteLength).toBe(1)
    expect(Buffer.isBuffer(roundTrip(Buffer.from('abc')))).toBe(true)
    expect(roundTrip(Uint8Array.of(1)).constructor).toBe(Uint8Array)
  })

  it('values of another realm are recognised', () => {
    const value = runInNewContext(
      '({ at: new Date(5), all: new Map([[1, 2n]]), e: new RangeError("x") })',
    )
    const back = roundTrip(value)
    expect(back.at).toEqual(new Date(5))
    expect(back.all).toEqual(new Map([[1, 2n]]))
    expect(back.e).toMatchObject({ name: 'RangeError', message: 'x' })
  })

  it('errors keep name, message, stack, code, cause and their own properties', () => {
    const error = Object.assign(
      new TypeError('outer', { cause: new RangeError('inner', { cause: 5n }) }),
      {
        code: 'E_X',
        details: { at: new Date(7) },
      },
    )
    const back = roundTrip({ error })
    expect(back.error).toBeInstanceOf(Error)
    expect(back.error.name).toBe('TypeError')
    expect(back.error.stack).toBe(error.stack)
    expect(back.error).toMatchObject({
      message: 'outer',
      code: 'E_X',
      details: { at: new Date(7) },
    })
    expect(back.error.cause).toMatchObject({ name: 'RangeError', message: 'inner', cause: 5n })
    expect(Object.keys(back.error).toSorted()).toEqual(['code', 'details'])
  })

  it('an AggregateError keeps its errors', () => {
    const back = roundTrip(new AggregateError([new Error('one'), 'two'], 'both'))
    expect(back.errors).toMatchObject([{ message: 'one' }, 'two'])
  })
})

describe('instances of classes', () => {
  class Guild {
    id = 5n
    #secret = 1
    get secret() {
      return this.#secret
    }
  }
  class User {
    tag = 'x'
    toJSON(key: string) {
      return { tag: this.tag, key, at: new Date(3) }
    }
  }
  class Bag extends Map<string, number> {}
  class Listed extends Map<string, number> {
    toJSON() {
      return [...this.values()]
    }
  }

  it('travel as JSON sends them', () => {
    expect(roundTrip({ guild: new Guild(), user: new User() })).toEqual({
      guild: { id: 5n },
      user: { tag: 'x', key: 'user', at: new Date(3) },
    })
    expect(roundTrip([new Bag([['a', 1]]), new Listed([['a', 1]])])).toEqual([
      new Map([['a', 1]]),
      [1],
    ])
    expect(roundTrip([Object(1), Object('s'), Object.create(null)])).toEqual([1, 's', {}])
  })

  it('toJSON is asked once', () => {
    const self = {
      a: 1,
      toJSON() {
        return this
      },
    }
    expect(() => encodeBody(self, 'value')).toThrow(/value\.toJSON: a function/)
    expect(roundTrip({ toJSON: () => Buffer.from('hi') })).toEqual(Buffer.from('hi'))
    const nested = { toJSON: () => new User() }
    expect(roundTrip(nested)).toEqual({ tag: 'x' })
  })
})

describe('what cannot be sent is named', () => {
  const cycle: Record<string, unknown> = { a: [] }
  cycle.b = { back: cycle }
  let deep: unknown = 1
  for (let i = 0; i <= limits.bodyDepthMax; i += 1) deep = [deep]

  it.each<[unknown, string]>([
    [{ guilds: [1, { client: () => 1 }] }, 'result.guilds[1].client: a function'],
    [Symbol('x'), 'result: a symbol'],
    [{ 'odd key': Symbol('x') }, 'result["odd key"]: a symbol'],
    [{ p: Promise.resolve() }, 'result.p: a promise'],
    [new Map([['k', () => 1]]), 'result.k: a function'],
    [new Set([new WeakMap()]), 'result[0]: a weak collection'],
    [{ b: new SharedArrayBuffer(1) }, 'result.b: a SharedArrayBuffer'],
    [cycle, 'result.b.back: a cycle'],
    [deep, `a value nested deeper than ${limits.bodyDepthMax}`],
    [10n ** 10_001n, 'a BigInt of over'],
    [
      {
        get x() {
          throw new Error('no')
        },
      },
      'something that throws when it is read',
    ],
  ])('case %#', (value, message) => {
    expect(() => encodeBody(value, 'result')).toThrow(
      expect.objectContaining({
        code: 'DM_BODY_UNSUPPORTED',
        message: expect.stringContaining(message),
      }),
    )
  })

  it('the same object twice is no cycle', () => {
    const shared = { x: 1 }
    expect(roundTrip([shared, shared])).toEqual([{ x: 1 }, { x: 1 }])
  })

  it('what is too large is refused before it is built', () => {
    const half = 'x'.repeat(limits.bodyBytesMax / 2)
    let doubling: unknown = ['x']
    for (let i = 0; i < 100; i += 1) doubling = [doubling, doubling]
    for (const value of [
      [half, half, half],
      new Uint8Array(limits.bodyBytesMax + 1),
      `${half}${half}x`,
      doubling,
    ]) {
      expect(() => encodeBody(value, 'result')).toThrow(
        expect.objectContaining({ code: 'DM_BODY_TOO_LARGE' }),
      )
    }
  })
})

describe('hostile keys', () => {
  it('`__proto__` stays a plain property and pollutes nothing', () => {
    for (const inner of ['{"polluted":1}', '{"$dm":["map",[]]}']) {
      for (const tag of [1, 2]) {
        const back: object = Object(decodeBody(body(tag, `{"__proto__":${inner},"x":1}`)))
        expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
        expect(Object.hasOwn(back, '__proto__')).toBe(true)
      }
    }
    const own: object = JSON.parse('{"__proto__":{"a":1},"b":null}')
    Object.assign(own, { b: 1n })
    const back = roundTrip(own)
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect(Object.getOwnPropertyNames(back)).toEqual(['__proto__', 'b'])
    expect(
      decodeBody(body(2, '{"$dm":["error",{"message":"m","__proto__":{"x":1}}]}')),
    ).toBeInstanceOf(Error)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('user data that looks like a tag comes back as it was', () => {
    for (const value of [
      { $dm: ['bigint', '5'] },
      { $dm: 1, more: undefined },
      { a: { $dm: { $dm: [] } } },
      { $dm: ['object', [['a', 1]]] },
    ]) {
      expect(roundTrip(value)).toStrictEqual(value)
    }
  })
})

describe('property: round trips', () => {
  it('of everything that can be sent', () => {
    const value = fc.anything({
      // Invalid dates have a test above: `isDeepStrictEqual` takes no two of them for equal.
      values: [
        fc.boolean(),
        fc.integer(),
        fc.double(),
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom(null, undefined),
        fc.bigInt(),
        fc.date({ noInvalidDate: true }),
      ],
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: false,
      withBoxedValues: false,
      withNullPrototype: false,
      key: fc.oneof(fc.string(), fc.constantFrom('$dm', 'toString', 'constructor', 'length')),
      maxDepth: 4,
    })
    fc.assert(
      fc.property(value, (given) => {
        fc.pre(!hasToJson(given))
        expect(isDeepStrictEqual(roundTrip(given), given)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('of JSON, which stays JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (given) => {
        fc.pre(!JSON.stringify(given).includes('-0') && !JSON.stringify(given).includes('$dm'))
        fc.pre(typeof given !== 'string' && !hasNegativeZero(given))
        expect(formOf(given)).toBe(`\u0001${JSON.stringify(given)}`)
        expect(roundTrip(given)).toEqual(given)
      }),
    )
  })
})

function hasNegativeZero(value: unknown): boolean {
  if (Object.is(value, -0)) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(hasNegativeZero)
}

function hasToJson(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'toJSON' in value && !(value instanceof Date)
  )
}

describe('bodies that make no sense', () => {
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['an unknown tag', Uint8Array.of(9)],
    ['undefined with bytes', Uint8Array.of(0, 1)],
    ['no JSON', body(1, '{')],
    ['not utf-8', body(4, Uint8Array.of(0xff))],
    ['an unknown type', body(2, '{"$dm":["function","x"]}')],
    ['a tag that is no list', body(2, '{"$dm":1}')],
    ['a tag among others', body(2, '{"$dm":["undefined"],"x":1}')],
    ['an inherited type', body(2, '{"$dm":["toString"]}')],
    ['a bad BigInt', body(2, '{"$dm":["bigint","0x5"]}')],
    ['a huge BigInt', body(2, `{"$dm":["bigint","${'9'.repeat(20_000)}"]}`)],
    ['a bad number', body(2, '{"$dm":["number","5"]}')],
    ['a bad date', body(2, '{"$dm":["date","now"]}')],
    ['a bad regular expression', body(2, '{"$dm":["regexp","(","g"]}')],
    ['a map of no pairs', body(2, '{"$dm":["map",[[1]]]}')],
    ['bytes of an odd length', body(2, '{"$dm":["bytes","Float64Array","AAAA"]}')],
    ['bytes of an unknown class', body(2, '{"$dm":["bytes","Object","AAAA"]}')],
    ['an error without message', body(2, '{"$dm":["error",{}]}')],
    ['a depth bomb', body(1, '['.repeat(1_000_000))],
    ['a balanced depth bomb', body(1, '['.repeat(100_000) + ']'.repeat(100_000))],
    ['a tagged depth bomb', body(2, `${'{"$dm":["set",['.repeat(50_000)}${']]}'.repeat(50_000)}`)],
  ])('%s gives DM_BODY_INVALID', (_, bytes) => {
    expect(() => decodeBody(bytes)).toThrow(expect.objectContaining({ code: 'DM_BODY_INVALID' }))
  })

  it('brackets in text are no depth', () => {
    const text = `["${'[{'.repeat(1_000)}\\"[["]`
    expect(decodeBody(body(1, text))).toEqual(JSON.parse(text))
  })

  it('the deepest value that can be sent can be received', () => {
    let deep: unknown = 1n
    for (let i = 0; i < limits.bodyDepthMax; i += 1) deep = new Map([['k', deep]])
    expect(roundTrip(deep)).toEqual(deep)
  })

  it('any noise decodes or gives DM_BODY_INVALID', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.tuple(fc.constantFrom(1, 2), fc.json()).map(([tag, json]) => body(tag, json)),
      fc
        .tuple(fc.string(), fc.jsonValue())
        .map(([type, content]) => body(2, JSON.stringify({ $dm: [type, content] }))),
    )
    fc.assert(
      fc.property(noise, (bytes) => {
        try {
          decodeBody(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(MachinesError)
          expect(error).toMatchObject({ code: 'DM_BODY_INVALID' })
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
