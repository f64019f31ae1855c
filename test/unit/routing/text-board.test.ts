import { describe, expect, it } from 'vitest'
import { shortCharsMax, shortText } from '../../../src/routing/text-board.js'

/** Of one, two and three bytes a character, and of four for two. */
const alphabets = ['a', 'ü', '€', '\u{1F600}']

function textAt(index: number): string {
  const letters = alphabets[index % alphabets.length] ?? ''
  return letters.repeat((index * 37) % (shortCharsMax / 2))
}

describe('a board of texts', () => {
  it('keeps every text whole beside its neighbours, over several boards', () => {
    const made = Array.from({ length: 500 }, (_, index) => shortText(index % 256, textAt(index)))
    for (const [index, bytes] of made.entries()) {
      const expected = Buffer.concat([Buffer.of(index % 256), Buffer.from(textAt(index))])
      expect(Buffer.compare(bytes, expected)).toBe(0)
    }
    expect(new Set(made.map(({ buffer }) => buffer)).size).toBeGreaterThan(1)
  })

  it('has room for the longest text, wherever it comes', () => {
    const longest = '€'.repeat(shortCharsMax)
    for (let gap = 0; gap < 40; gap += 1) {
      shortText(1, 'x'.repeat(gap * 20))
      expect(Buffer.from(shortText(4, longest)).toString()).toBe(`\u0004${longest}`)
    }
  })

  it('has empty texts', () => {
    expect(shortText(4, '')).toEqual(Uint8Array.of(4))
  })
})
