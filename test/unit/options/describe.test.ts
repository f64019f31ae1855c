import { expect, it, describe as suite } from 'vitest'
import { describe, describeHidden } from '../../../src/options/describe.js'

class Bot {
  readonly token = 'hush'
}

suite('describe', () => {
  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [-0.5, '-0.5'],
    [10n, '10n'],
    ['a "b"', '"a \\"b\\""'],
    ['x'.repeat(61), `"${'x'.repeat(60)}"…`],
    ['x'.repeat(60), `"${'x'.repeat(60)}"`],
    ['\u001b[2J\u202egnp.exe', '"\\u001b[2J\\u{202e}gnp.exe"'],
    ['postgres://bot:hush@db/x', '"postgres://***@db/x"'],
    ['-----BEGIN PRIVATE KEY-----', 'the text of a PEM file (27 characters)'],
    [[], 'an empty array'],
    [[1, 2], 'an array of 2'],
    [{}, 'an object without members'],
    [{ a: 'hush' }, 'an object with "a"'],
    [{ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 }, 'an object with "a", "b", "c", "d", "e"…'],
    [new Bot(), 'an object with "token"'],
    [new Date(0), 'an object of type Date'],
    [Buffer.from('hush'), 'binary data of 4 bytes'],
    [Symbol('hush'), 'a symbol'],
    [() => 'hush', 'a function'],
  ])('says of %o: %s', (given, words) => {
    expect(describe(given)).toBe(words)
  })

  it('can be told to hide what a value is', () => {
    expect(describeHidden('hüsh')).toBe('a string of 5 bytes')
    expect(describeHidden(42)).toBe('a number')
    expect(describeHidden(true)).toBe('true')
  })
})
