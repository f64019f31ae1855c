import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { limits } from '../../../../src/limits.js'
import { childIpc, roughBytesOf } from '../../../../src/modes/local/launchers/bot-ipc.js'

describe('what a message is thought to cost', () => {
  it.each([
    ['a list of ids', Array.from({ length: 100_000 }, (_, n) => String(10n ** 18n + BigInt(n)))],
    ['a list of numbers', Array.from({ length: 100_000 }, (_, n) => n)],
    ['objects in lists of lists', Array.from({ length: 10_000 }, (_, n) => [{ member: { n } }])],
    ['bytes', { result: Buffer.alloc(10_000, 255) }],
  ])('of %s is near to its length as JSON', (_what, message) => {
    const { length } = JSON.stringify({ _result: [message] })
    const bytes = roughBytesOf({ _result: [message] })
    expect(bytes).toBeGreaterThan(length / 3)
    expect(bytes).toBeLessThan(length * 3)
  })

  it('is too much for a value that goes round, and is soon known', () => {
    const circle: unknown[] = []
    circle.push(circle, circle, { circle })
    expect(roughBytesOf(circle)).toBeGreaterThan(limits.channelBacklogBytesMax)
  })
})

describe("Node's own channel to a child", () => {
  class Child extends EventEmitter {
    connected = true
    readonly sent: [unknown, () => void][] = []
    send(message: unknown, done: () => void): void {
      this.sent.push([message, done])
    }
  }

  it('refuses what a child that does not read has no room for', () => {
    const child = new Child()
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of a child that is looked at
    const ipc = childIpc(child as never)
    const message = 'x'.repeat(limits.channelBacklogBytesMax / 2)
    expect(ipc.send(message)).toBe(true)
    expect(ipc.send(message)).toBe(false)
    expect(ipc.send('small')).toBe(true)
    child.sent[0]?.[1]()
    expect(ipc.send(message)).toBe(true)
    child.connected = false
    expect(ipc.send('small')).toBe(false)
  })
})
