import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messageOverheadBytes, Session } from '../../../src/link/session.js'

const bounds = { bufferBytesMax: 10_000, ackEveryMessages: 3, ackEveryBytes: 100 }
const bytes = (text: string) => Buffer.from(text)

function drain(session: Session): string[] {
  const taken: string[] = []
  for (let message = session.next(); message !== undefined; message = session.next()) {
    taken.push(`${message.number}:${Buffer.from(message.bytes).toString()}`)
  }
  return taken
}

function filled(...texts: string[]): Session {
  const session = new Session(bounds)
  for (const text of texts) session.push(bytes(text))
  return session
}

describe('a session', () => {
  it('numbers messages from 1 and gives each to a connection once', () => {
    const session = filled('a', 'b')
    expect(drain(session)).toEqual(['1:a', '2:b'])
    session.push(bytes('c'))
    expect(drain(session)).toEqual(['3:c'])
  })

  it('forgets what is confirmed and sends the rest again on a resume', () => {
    const session = filled('a', 'b', 'c', 'd')
    drain(session)
    session.confirm(2)
    session.resume(3)
    expect(drain(session)).toEqual(['4:d'])
    expect(session.lost().map(String)).toEqual(['d'])
  })

  it('refuses confirmations of what was not sent, or was confirmed before', () => {
    const session = filled('a', 'b', 'c')
    session.next()
    session.next()
    expect(() => session.confirm(3)).toThrow(expect.objectContaining({ code: 'DM_FRAME_INVALID' }))
    session.confirm(2)
    expect(() => session.confirm(1)).toThrow(expect.objectContaining({ code: 'DM_FRAME_INVALID' }))
    expect(session.canResumeAt(1)).toBe(false)
    expect(session.canResumeAt(2)).toBe(true)
  })

  it('takes new messages, drops those seen before, and refuses gaps', () => {
    const session = new Session(bounds)
    expect(session.accept(1, 1)).toBe(true)
    expect(session.accept(1, 1)).toBe(false)
    expect(() => session.accept(3, 1)).toThrow(
      expect.objectContaining({ code: 'DM_FRAME_INVALID' }),
    )
    expect(session.received).toBe(1)
  })

  it('finds a confirmation due after so many messages or bytes, and tells each number once', () => {
    const session = new Session(bounds)
    session.accept(1, 1)
    session.accept(2, 1)
    expect(session.ackDue).toBe(false)
    session.accept(3, 1)
    expect(session.ackDue).toBe(true)
    expect(session.takeAck()).toBe(3)
    expect(session.ackDue).toBe(false)
    expect(session.takeAck()).toBeUndefined()
    session.accept(4, 100)
    expect(session.ackDue).toBe(true)
  })

  it('keeps no more than its bound, empty messages counted too', () => {
    const session = new Session(bounds)
    let kept = 0
    while (session.push(new Uint8Array(0))) kept += 1
    expect(kept).toBe(Math.floor(bounds.bufferBytesMax / messageOverheadBytes))
    drain(session)
    session.confirm(1)
    expect(session.push(new Uint8Array(0))).toBe(true)
    expect(session.push(new Uint8Array(0))).toBe(false)
  })

  it('stays quick and small over many confirmed messages', () => {
    const session = new Session(bounds)
    for (let n = 1; n <= 20_000; n++) {
      session.push(bytes(String(n)))
      expect(session.next()?.number).toBe(n)
      if (n % 10 === 0) session.confirm(n - 3)
    }
    expect(session.lost().map(String)).toEqual(['19998', '19999', '20000'])
  })

  it('delivers exactly once and in order whatever is cut off where', () => {
    // Each round: push some, let some arrive, perhaps confirm, then the connection breaks.
    const round = fc.record({ pushed: fc.nat(6), arriving: fc.nat(10), confirms: fc.boolean() })
    fc.assert(
      fc.property(fc.array(round, { maxLength: 30 }), (rounds) => {
        const sender = new Session({ ...bounds, bufferBytesMax: 1e9 })
        const receiver = new Session(bounds)
        const delivered: string[] = []
        let count = 0
        for (const { pushed, arriving, confirms } of rounds) {
          for (let n = 0; n < pushed; n++) sender.push(bytes(String(++count)))
          delivered.push(...transfer(sender, receiver, arriving))
          if (confirms) sender.confirm(receiver.takeAck() ?? receiver.received)
          // What was given to the connection but not taken in is lost with it.
          drain(sender)
          sender.resume(receiver.received)
        }
        const rest = sender.lost().map(String)
        expect([...delivered, ...rest]).toEqual(Array.from({ length: count }, (_, n) => `${n + 1}`))
      }),
    )
  })
})

/** Lets so many messages arrive, as far as there are any. */
function transfer(sender: Session, receiver: Session, arriving: number): string[] {
  const delivered: string[] = []
  for (let n = 0; n < arriving; n++) {
    const message = sender.next()
    if (message === undefined) break
    const isNew = receiver.accept(message.number, message.bytes.length)
    if (isNew) delivered.push(Buffer.from(message.bytes).toString())
  }
  return delivered
}
