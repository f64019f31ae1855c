import { describe, expect, it } from 'vitest'
import { FlushLine } from '../../../src/bot/flush-line.js'

function setUp(isThere = true) {
  let asked = 0
  const line = new FlushLine(() => {
    asked += 1
    return isThere
  })
  const done: string[] = []
  const wait = (name: string) => line.wait().then(() => done.push(name))
  return { line, wait, done, asked: () => asked }
}

/** Lets promises settle that can. */
const settled = () => new Promise(setImmediate)

describe('waiting for room', () => {
  it('asks, and goes on with the answer', async () => {
    const { line, wait, done, asked } = setUp()
    void wait('first')
    await settled()
    expect([asked(), done]).toEqual([1, []])
    line.answer()
    await settled()
    expect(done).toEqual(['first'])
  })

  it('shares the next question among all who come while one is under way', async () => {
    const { line, wait, done, asked } = setUp()
    for (const name of ['first', 'second', 'third']) void wait(name)
    await settled()
    expect(asked()).toBe(1)
    line.answer()
    // In the very turn of the answer, before the next question went out.
    void wait('fourth')
    await settled()
    expect([asked(), done]).toEqual([2, ['first']])
    line.answer()
    await settled()
    expect(done.toSorted()).toEqual(['first', 'fourth', 'second', 'third'])
    void wait('fifth')
    expect(asked()).toBe(3)
  })

  it('is over for everybody when the manager is gone', async () => {
    const { line, wait, done } = setUp()
    for (const name of ['first', 'second']) void wait(name)
    line.close()
    void wait('third')
    await settled()
    expect(done.toSorted()).toEqual(['first', 'second', 'third'])
  })

  it('is over at once when nobody is there to ask', async () => {
    const { wait, done } = setUp(false)
    await wait('first')
    await wait('second')
    expect(done).toEqual(['first', 'second'])
  })
})
