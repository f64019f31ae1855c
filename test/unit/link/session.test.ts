import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import type { Part } from '../../../src/link/codec/payloads.js'
import { Inbox } from '../../../src/link/inbox.js'
import { messageOverheadBytes, partBytesMax } from '../../../src/link/kept-message.js'
import { Outbox } from '../../../src/link/outbox.js'
import { Session } from '../../../src/link/session.js'

const bounds = { bufferBytesMax: 10_000, ackEveryMessages: 3, ackEveryBytes: 100 }
/** With a buffer of its own, as messages mostly have; Buffer.from takes it out of a shared pool. */
const bytes = (text: string) => new TextEncoder().encode(text)
const invalid = expect.objectContaining({ code: 'DM_FRAME_INVALID' })

function parts(outbox: Outbox): Part[] {
  const taken: Part[] = []
  for (let part = outbox.next(); part !== undefined; part = outbox.next()) taken.push(part)
  return taken
}

function drain(outbox: Outbox): string[] {
  return parts(outbox).map((part) => `${part.number}:${Buffer.from(part.bytes).toString()}`)
}

function filled(...texts: string[]): Outbox {
  const outbox = new Outbox(1e9)
  for (const text of texts) outbox.push(bytes(text))
  return outbox
}

const pattern = Uint8Array.from(
  { length: partBytesMax * 4 },
  (_, at) => (at * 31 + (at >> 8)) % 251,
)

/** A message that is recognised by every byte of it. */
function long(length: number): Uint8Array {
  return pattern.slice(0, length)
}

/** A part that is a whole message, as far as its number matters. */
function single(number: number, byteLength = 1): Part {
  return { number, rest: 0, bytes: new Uint8Array(byteLength) }
}

const lostTexts = (outbox: Outbox) =>
  outbox.lost().map((message) => Buffer.from(message).toString())

describe('what goes out', () => {
  it('is numbered from 1 and given to a connection once', () => {
    const outbox = filled('a', 'b')
    expect(drain(outbox)).toEqual(['1:a', '2:b'])
    outbox.push(bytes('c'))
    expect(drain(outbox)).toEqual(['3:c'])
  })

  it('is forgotten when confirmed, and the rest sent again on a resume', () => {
    const outbox = filled('a', 'b', 'c', 'd')
    drain(outbox)
    outbox.confirm(2)
    outbox.resume(3)
    expect(drain(outbox)).toEqual(['4:d'])
    expect(lostTexts(outbox)).toEqual(['d'])
  })

  it('refuses confirmations of what was not sent, or was confirmed before', () => {
    const outbox = filled('a', 'b', 'c')
    outbox.next()
    outbox.next()
    expect(() => outbox.confirm(3)).toThrow(invalid)
    outbox.confirm(2)
    expect(() => outbox.confirm(1)).toThrow(invalid)
    expect(outbox.canResumeAt(1)).toBe(false)
    expect(outbox.canResumeAt(2)).toBe(true)
  })

  it('is kept up to its bound and no further, empty messages counted too', () => {
    const outbox = new Outbox(bounds.bufferBytesMax)
    let kept = 0
    while (outbox.push(new Uint8Array(0))) kept += 1
    expect(kept).toBe(Math.floor(bounds.bufferBytesMax / messageOverheadBytes))
    drain(outbox)
    outbox.confirm(1)
    expect(outbox.push(new Uint8Array(0))).toBe(true)
    expect(outbox.push(new Uint8Array(0))).toBe(false)
    expect(outbox.push(new Uint8Array(0), messageOverheadBytes)).toBe(true)
  })

  it('stays quick and small over many confirmed messages', () => {
    const outbox = new Outbox(bounds.bufferBytesMax)
    for (let n = 1; n <= 20_000; n++) {
      expect(outbox.push(bytes(String(n)))).toBe(true)
      expect(outbox.next()?.number).toBe(n)
      if (n % 10 === 0) outbox.confirm(n - 3)
    }
    expect(lostTexts(outbox)).toEqual(['19998', '19999', '20000'])
  })
})

describe('a large message on its way out', () => {
  const large = long(partBytesMax * 2 + 5)

  it('goes in parts that say how much follows, and small ones after it', () => {
    const outbox = new Outbox(1e9)
    outbox.push(large)
    outbox.push(bytes('x'))
    const sent = parts(outbox)
    expect(sent.map(({ number, rest }) => [number, rest])).toEqual([
      [1, partBytesMax + 5],
      [2, 5],
      [3, 0],
      [4, 0],
    ])
    expect(Buffer.concat(sent.slice(0, 3).map((part) => part.bytes)).equals(large)).toBe(true)
  })

  it('that is a multiple of a part has no empty part at its end', () => {
    const outbox = new Outbox(1e9)
    outbox.push(new Uint8Array(partBytesMax * 2))
    expect(parts(outbox).map(({ rest }) => rest)).toEqual([partBytesMax, 0])
  })

  it('goes on where it stopped after a resume', () => {
    const outbox = new Outbox(1e9)
    outbox.push(bytes('before'))
    outbox.push(large)
    outbox.next()
    outbox.next()
    outbox.next()
    outbox.resume(2)
    expect(parts(outbox).map(({ number, rest }) => [number, rest])).toEqual([
      [3, 5],
      [4, 0],
    ])
  })

  it('is kept, counted and reported as a whole until its last part is confirmed', () => {
    const outbox = new Outbox(1e9)
    outbox.push(large)
    parts(outbox)
    outbox.confirm(2)
    expect(outbox.bufferedBytes).toBe(large.length + messageOverheadBytes)
    expect(outbox.lost()).toEqual([large])
    const other = new Outbox(1e9)
    other.push(large)
    parts(other)
    other.confirm(3)
    expect(other.bufferedBytes).toBe(0)
    expect(other.lost()).toEqual([])
  })
})

describe('what keeping a message keeps alive', () => {
  it('is no chunk of which it is a small part: that is copied out', () => {
    const chunk = new Uint8Array(100_000)
    const outbox = new Outbox(bounds.bufferBytesMax)
    expect(outbox.push(chunk.subarray(10, 20))).toBe(true)
    expect(outbox.bufferedBytes).toBe(10 + messageOverheadBytes)
    expect(outbox.next()?.bytes.buffer).not.toBe(chunk.buffer)
  })

  it('is counted, where a message is most of its buffer and stays in it', () => {
    const chunk = new Uint8Array(5_000)
    const outbox = new Outbox(bounds.bufferBytesMax)
    expect(outbox.push(chunk.subarray(0, 4_500))).toBe(true)
    expect(outbox.bufferedBytes).toBe(5_000 + messageOverheadBytes)
    expect(outbox.next()?.bytes.buffer).toBe(chunk.buffer)
  })
})

describe('what comes in', () => {
  it('is new once; what came before is dropped, and a gap refused', () => {
    const inbox = new Inbox(bounds)
    expect(inbox.accept(single(1))).toHaveLength(1)
    expect(inbox.accept(single(1))).toBeUndefined()
    expect(() => inbox.accept(single(3))).toThrow(invalid)
    expect(inbox.received).toBe(1)
  })

  it('is to be confirmed after so many parts or bytes, each number once', () => {
    const inbox = new Inbox(bounds)
    inbox.accept(single(1))
    inbox.accept(single(2))
    expect(inbox.ackDue).toBe(false)
    inbox.accept(single(3))
    expect(inbox.ackDue).toBe(true)
    expect(inbox.takeAck()).toBe(3)
    expect(inbox.ackDue).toBe(false)
    expect(inbox.takeAck()).toBeUndefined()
    inbox.accept(single(4, 100))
    expect(inbox.ackDue).toBe(true)
  })

  it('is one message when the last of its parts is there', () => {
    const inbox = new Inbox(bounds)
    expect(inbox.accept({ number: 1, rest: 3, bytes: bytes('ab') })).toBeUndefined()
    expect(inbox.accept({ number: 2, rest: 1, bytes: bytes('cd') })).toBeUndefined()
    // Sent again by a peer that did not know that it came.
    expect(inbox.accept({ number: 2, rest: 1, bytes: bytes('cd') })).toBeUndefined()
    expect(inbox.accept({ number: 3, rest: 0, bytes: bytes('e') })).toEqual(Buffer.from('abcde'))
    expect(inbox.accept({ number: 4, rest: 0, bytes: bytes('f') })).toEqual(bytes('f'))
  })

  it.each([
    ['that leave another rest', { number: 2, rest: 2, bytes: bytes('cd') }],
    ['that end too early', { number: 2, rest: 0, bytes: bytes('cd') }],
    ['that never get on', { number: 2, rest: 3, bytes: bytes('') }],
  ])('is refused with parts %s', (_, second) => {
    const inbox = new Inbox(bounds)
    inbox.accept({ number: 1, rest: 3, bytes: bytes('ab') })
    expect(() => inbox.accept(second)).toThrow(invalid)
    expect(inbox.received).toBe(1)
  })

  it('is refused by its first part when it would be too large, and before memory is taken', () => {
    const before = process.memoryUsage().arrayBuffers
    const inbox = new Inbox(bounds)
    const first = { number: 1, rest: limits.messageBytesMax, bytes: bytes('a') }
    expect(() => inbox.accept(first)).toThrow(
      expect.objectContaining({ code: 'DM_FRAME_TOO_LARGE' }),
    )
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(limits.messageBytesMax / 2)
    expect(inbox.accept({ ...first, rest: limits.messageBytesMax - 1 })).toBeUndefined()
  })
})

describe('a session', () => {
  it('delivers exactly once and in order whatever is cut off where, in the middle of messages too', () => {
    const size = fc.oneof(fc.nat(20), fc.constantFrom(partBytesMax, partBytesMax * 3 + 1))
    // Each round: push some, let some parts arrive, perhaps confirm, then the connection breaks.
    const round = fc.record({
      pushed: fc.array(size, { maxLength: 4 }),
      arriving: fc.nat(10),
      confirms: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(round, { maxLength: 15 }), (rounds) => {
        const [sender, receiver] = [new Session({ bufferBytesMax: 1e9 }), new Session(bounds)]
        const pushed: number[] = []
        const delivered: Uint8Array[] = []
        for (const { pushed: sizes, arriving, confirms } of rounds) {
          for (const length of sizes) {
            sender.outbox.push(long(length).fill(pushed.length % 256, 0, 1))
            pushed.push(length)
          }
          delivered.push(...transfer(sender, receiver, arriving))
          if (confirms) sender.outbox.confirm(receiver.inbox.takeAck() ?? receiver.inbox.received)
          // What was given to the connection but not taken in is lost with it.
          parts(sender.outbox)
          sender.resume(receiver.inbox.received)
        }
        const rest = sender.outbox.lost()
        expect([...delivered, ...rest].map(({ length }) => length)).toEqual(pushed)
        for (const [at, message] of [...delivered, ...rest].entries()) {
          const sent = long(message.length).fill(at % 256, 0, 1)
          expect(Buffer.compare(message, sent)).toBe(0)
        }
      }),
      { numRuns: 60 },
    )
  })
})

/** Lets so many parts arrive, as far as there are any; the messages that became whole. */
function transfer(sender: Session, receiver: Session, arriving: number): Uint8Array[] {
  const delivered: Uint8Array[] = []
  for (let n = 0; n < arriving; n++) {
    const part = sender.outbox.next()
    if (part === undefined) break
    const message = receiver.inbox.accept(part)
    if (message !== undefined) delivered.push(message)
  }
  return delivered
}
