import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { isPlainJson } from '../../../src/routing/plain-json.js'

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level += 1) value = [value]
  return value
}

describe('a value is plain JSON', () => {
  it.each([
    [null],
    [true],
    [0],
    ['text'],
    [{ a: [1, 'two', { three: null }] }],
    [Object.assign(Object.create(null), { a: 1 })],
    [{ toJSON: 'only a name', a: 1 }],
    [nested(limits.bodyDepthMax)],
  ])('when JSON gives it back as it was: %j', (value) => {
    expect(isPlainJson(value)).toBe(true)
    expect(JSON.parse(JSON.stringify(value))).toEqual(value)
  })
})

class Point {
  readonly x = 1
}

describe('a value is not plain JSON', () => {
  const cycle: unknown[] = []
  cycle.push(cycle)
  const throwing = Object.defineProperty({}, 'a', {
    enumerable: true,
    get() {
      throw new Error('not today')
    },
  })
  it.each([
    ['undefined', undefined],
    ['an undefined property', { a: undefined }],
    ['a hole', Object.assign([1], { length: 2 })],
    ['NaN', { a: Number.NaN }],
    ['-0', [-0]],
    ['a bigint', 1n],
    ['a function', { a: () => 1 }],
    ['a date', new Date()],
    ['a map', { a: new Map() }],
    ['an instance of a class', new Point()],
    ['something with toJSON', { toJSON: () => 1 }],
    ['a hidden toJSON', Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 1 })],
    ['an object with our own tag', { $dm: ['date', 1] }],
    ['our own tag behind other fields', [{ a: 1, b: { c: 2, $dm: 3 } }]],
    ['bytes', { a: new Uint8Array(1) }],
    ['a cycle', cycle],
    ['what is nested too deep', nested(limits.bodyDepthMax + 1)],
    ['what throws when it is read', throwing],
  ])('where it holds %s', (_what, value) => {
    expect(isPlainJson(value)).toBe(false)
  })
})
