import { describe, expect, it } from 'vitest'
import { limits } from '../../../../../src/limits.js'
import {
  type BookPage,
  formatPage,
  lives,
  parsePage,
} from '../../../../../src/modes/machines/child/book-page.js'

const page: BookPage = {
  bootId: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  manager: { pid: 100, startTime: '5000' },
  instances: [
    { pid: 101, startTime: '5100' },
    { pid: 4_194_304, startTime: '?' },
  ],
}

function parsed(text: string): BookPage | undefined {
  return parsePage(JSON.parse(text))
}

describe('a page of the book', () => {
  it.each([
    ['with instances', page],
    ['without', { ...page, instances: [] }],
    ['of a system without boots', { ...page, bootId: undefined }],
  ])('is read as it was written: %s', (_, written) => {
    expect(parsed(formatPage(written))).toEqual(written)
  })

  it('has room for as many instances as may be booked', () => {
    const most = { pid: 4_194_304, startTime: '99999999999' }
    const full = {
      ...page,
      instances: Array.from({ length: limits.bookedInstancesMax }, () => most),
    }
    expect(formatPage(full).length).toBeLessThan(limits.smallFileBytesMax)
    expect(parsed(formatPage(full))).toEqual(full)
    const more = { ...page, instances: [...full.instances, most] }
    expect(parsed(formatPage(more))).toBeUndefined()
  })

  it.each([
    {},
    { bootId: null, manager: [100, '5000'] },
    { bootId: 7, manager: [100, '5000'], instances: [] },
    { bootId: 'x'.repeat(65), manager: [100, '5000'], instances: [] },
    { bootId: null, manager: null, instances: [] },
    ...[
      [101],
      ['101', '5100'],
      [101, 5100],
      [0, '5100'],
      [-1, '5100'],
      [1.5, '5100'],
      [101, '51oo'],
      [101, ''],
      [101, '5100', 1],
      { pid: 101 },
      null,
    ].map((instance) => ({ bootId: null, manager: [100, '5000'], instances: [instance] })),
  ])('is none: %j', (content) => {
    expect(parsePage(content)).toBeUndefined()
  })
})

describe('a booked process', () => {
  it.each([
    ['lives, with the same start time', '5100', '5100', true],
    ['is gone', '5100', undefined, false],
    ['is gone, and another one has its id', '5100', '6000', false],
    ['perhaps lives, where the system does not tell now', '5100', '?', 'perhaps'],
    ['perhaps lives, where it did not tell then', '?', '5100', 'perhaps'],
  ] as const)('%s', (_, startTime, current, expected) => {
    expect(lives({ pid: 101, startTime }, () => current)).toBe(expected)
  })
})
