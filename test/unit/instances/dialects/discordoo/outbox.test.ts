import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Outbox } from '../../../../../src/instances/dialects/discordoo/outbox.js'

function frame(bytes: number, text = 'f') {
  return { text, bytes }
}

/** Everything that may be sent now; a HELLO with the next id of the list whenever one is due. */
function drain(outbox: Outbox, helloIds: string[]): string[] {
  const sent: string[] = []
  for (let next = outbox.next(); next !== undefined; next = outbox.next()) {
    sent.push(next.text)
    if (!outbox.isProbeDue) continue
    const id = helloIds.shift() ?? 'none left'
    outbox.probed(id)
    sent.push(id)
  }
  return sent
}

describe('Outbox', () => {
  it('sends small things at once and asks for no sign', () => {
    const outbox = new Outbox({ windowBytes: 1_000, backlogBytesMax: 10_000 })
    for (let n = 0; n < 10; n += 1) expect(outbox.push(frame(10, `${n}`))).toBe(true)
    expect(drain(outbox, []).join('')).toBe('0123456789')
    expect(outbox.isEmpty).toBe(true)
  })

  it('stops at the window and goes on as far as the bot shows to have read', () => {
    const outbox = new Outbox({ windowBytes: 400, backlogBytesMax: 100_000 })
    for (let n = 0; n < 8; n += 1) outbox.push(frame(100, `${n}`))
    const ids = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H']
    expect(drain(outbox, ids)).toEqual(['0', 'A', '1', '2', '3'])
    outbox.answered('of something else')
    outbox.answered(undefined)
    expect(drain(outbox, ids)).toEqual([])
    outbox.answered('A')
    expect(outbox.isProbeDue).toBe(true)
    expect(drain(outbox, ids)).toEqual(['4', 'B'])
    outbox.answered('B')
    expect(drain(outbox, ids)).toEqual(['5', 'C', '6', '7'])
  })

  it('sends one frame that is larger than the window, and nothing after it until it was read', () => {
    const outbox = new Outbox({ windowBytes: 400, backlogBytesMax: 100_000 })
    outbox.push(frame(5_000, 'large'))
    outbox.push(frame(1, 'small'))
    expect(drain(outbox, ['A'])).toEqual(['large', 'A'])
    outbox.answered('A')
    expect(drain(outbox, ['B'])).toEqual(['small'])
  })

  it('refuses more than the backlog, but always takes one frame', () => {
    const outbox = new Outbox({ windowBytes: 100, backlogBytesMax: 1_000 })
    expect(outbox.push(frame(5_000))).toBe(true)
    expect(outbox.push(frame(1))).toBe(false)
    drain(outbox, ['A'])
    expect(outbox.push(frame(700))).toBe(true)
    expect(outbox.push(frame(700))).toBe(false)
    expect(outbox.push(frame(0))).toBe(false)
  })

  it('does not send what nobody waits for any more', () => {
    const outbox = new Outbox({ windowBytes: 1_000, backlogBytesMax: 10_000 })
    outbox.push({ ...frame(10, 'stale'), isStale: () => true })
    outbox.push({ ...frame(10, 'fresh'), isStale: () => false })
    expect(drain(outbox, [])).toEqual(['fresh'])
  })

  it('starts afresh with the HELLO of a new connection, and keeps what was not sent', () => {
    const outbox = new Outbox({ windowBytes: 400, backlogBytesMax: 100_000 })
    for (let n = 0; n < 6; n += 1) outbox.push(frame(200, `${n}`))
    expect(drain(outbox, ['A'])).toEqual(['0', 'A', '1'])
    outbox.probed('hello')
    outbox.answered('A')
    expect(drain(outbox, [])).toEqual([])
    outbox.answered('hello')
    expect(drain(outbox, ['B'])).toEqual(['2', 'B', '3'])
  })

  it('neither loses, doubles nor reorders, and never has more than a window on its way', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 3_000 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 100, max: 2_000 }), (given, windowBytes) => {
        const outbox = new Outbox({ windowBytes, backlogBytesMax: Number.POSITIVE_INFINITY })
        for (const [index, bytes] of given.entries()) outbox.push(frame(bytes, `${index}`))
        const order: number[] = []
        for (let round = 0; !outbox.isEmpty; round += 1) {
          if (outbox.isProbeDue) outbox.probed(`${round}`)
          outbox.answered(`${round}`)
          let onItsWay = 0
          for (let next = outbox.next(); next !== undefined; next = outbox.next()) {
            order.push(Number(next.text))
            expect(onItsWay).toBeLessThan(windowBytes)
            onItsWay += next.bytes
          }
          expect(round).toBeLessThan(given.length + 2)
        }
        expect(order).toEqual(given.map((_, index) => index))
      }),
      { numRuns: 50 },
    )
  })
})
