import { describe, expect, it } from 'vitest'
import { boardBytes, WriteBoard } from '../../../../src/instances/channel/write-board.js'

const writer = () => ({ writableLength: 0 })

describe('a board that writes are put together on', () => {
  it('is the same memory for all whose writes are gone', () => {
    const board = new WriteBoard()
    const first = board.take(100, writer())
    const second = board.take(boardBytes, writer())
    expect([first.length, second.length]).toEqual([100, boardBytes])
    expect(second.buffer).toBe(first.buffer)
    expect([first.byteOffset, second.byteOffset]).toEqual([0, 0])
  })

  it('is left to a write that is still on its way, whoever writes next', () => {
    const board = new WriteBoard()
    const slow = writer()
    const first = board.take(100, slow).fill(1)
    slow.writableLength = 100
    const second = board.take(100, writer()).fill(2)
    expect(second.buffer).not.toBe(first.buffer)
    slow.writableLength = 200
    const third = board.take(100, slow)
    expect(third.buffer).toBe(second.buffer)
    expect(board.take(100, slow).buffer).not.toBe(third.buffer)
    expect(new Set(first)).toEqual(new Set([1]))
  })
})
