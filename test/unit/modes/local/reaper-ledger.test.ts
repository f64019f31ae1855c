import { describe, expect, it } from 'vitest'
import { startTimeOf } from '../../../../src/modes/local/reaper/process-start.js'
import {
  exitedLine,
  hostLine,
  killAtLine,
  ReaperLedger,
  startedLine,
  unknownStart,
} from '../../../../src/modes/local/reaper/reaper-ledger.js'

const running = (processes: Record<number, string>) => (pid: number) => processes[pid]

describe('ReaperLedger', () => {
  it('knows who was started and has not exited, from text cut anywhere', () => {
    const text = startedLine(10, '100') + startedLine(11, '110') + exitedLine(10)
    const ledger = new ReaperLedger()
    for (const character of text) ledger.feed(character)
    expect(ledger.survivors(running({ 10: '100', 11: '110' }))).toEqual([11])
  })

  it('spares a stranger who was given the pid', () => {
    const ledger = new ReaperLedger()
    ledger.feed(startedLine(10, '100') + startedLine(11, '110'))
    expect(ledger.survivors(running({ 10: '999', 11: '110' }))).toEqual([11])
  })

  it('goes by the pid where start times cannot be read', () => {
    const ledger = new ReaperLedger()
    ledger.feed(startedLine(10, unknownStart) + startedLine(11, unknownStart))
    expect(ledger.survivors(running({ 10: unknownStart }))).toEqual([10])
  })

  it.each(['+0 1', '+-1 5', '+1', '-x', '+1 2 3', '', 'x1 2', `+${'9'.repeat(50)} 1`])(
    'passes over %j',
    (line) => {
      const ledger = new ReaperLedger()
      ledger.feed(`${line}\n`)
      expect(ledger.survivors(() => '1')).toEqual([])
    },
  )

  it('does not grow with a line that never ends', () => {
    const ledger = new ReaperLedger()
    for (let times = 0; times < 1_000; times += 1) ledger.feed('+1 1'.repeat(100))
    ledger.feed(`\n${startedLine(5, '50')}`)
    expect(ledger.survivors(running({ 5: '50' }))).toEqual([5])
  })
})

const everybody = () => '1'

describe('a ReaperLedger with a lease', () => {
  it('gives out what runs still, once the time has come, and once only', () => {
    const ledger = new ReaperLedger()
    for (const pid of [10, 11, 12]) ledger.feed(startedLine(pid, '1'))
    ledger.feed(killAtLine(499.5) + exitedLine(12))
    expect(ledger.killAt).toBe(500)
    expect(ledger.takeOverdue(499, everybody)).toEqual([])
    expect(ledger.takeOverdue(500, running({ 10: '1', 11: '2' }))).toEqual([10])
    expect(ledger.takeOverdue(501, everybody)).toEqual([])
    expect(ledger.survivors(everybody)).toEqual([])
  })

  it('gives out what is started afterwards, unless the time was moved before', () => {
    const ledger = new ReaperLedger()
    ledger.feed(killAtLine(500) + startedLine(10, '1'))
    expect(ledger.takeOverdue(600, everybody)).toEqual([10])
    ledger.feed(killAtLine(900) + startedLine(11, '1'))
    expect(ledger.takeOverdue(600, everybody)).toEqual([])
    ledger.feed(killAtLine(undefined))
    expect(ledger.takeOverdue(10_000, everybody)).toEqual([])
  })

  it('waits for no time while nothing is in the book', () => {
    const ledger = new ReaperLedger()
    ledger.feed(killAtLine(500))
    expect(ledger.killAt).toBeUndefined()
    ledger.feed(hostLine(10, '1'))
    expect(ledger.killAt).toBe(500)
    ledger.feed(exitedLine(10))
    expect(ledger.killAt).toBeUndefined()
  })

  it('spares the process of the manager, but for the lease', () => {
    const ledger = new ReaperLedger()
    ledger.feed(hostLine(10, '1'))
    expect(ledger.survivors(everybody)).toEqual([])
    expect(ledger.takeOverdue(1_000_000, everybody)).toEqual([])
    ledger.feed(killAtLine(500))
    expect(ledger.takeOverdue(500, running({ 10: '2' }))).toEqual([])
    ledger.feed(hostLine(10, '1'))
    expect(ledger.takeOverdue(500, everybody)).toEqual([10])
  })

  it.each(['=-1', '=x', '=1.5', '=1e3', `=${'9'.repeat(16)}`, '= 1', '!1', '!0 1', '!1 x'])(
    'passes over %j',
    (line) => {
      const ledger = new ReaperLedger()
      ledger.feed(`${startedLine(1, '1')}${killAtLine(700)}${line}\n`)
      expect(ledger.killAt).toBe(700)
      expect(ledger.takeOverdue(700, everybody)).toEqual([1])
    },
  )
})

describe('startTimeOf', () => {
  it('tells the same of a running process every time', () => {
    const first = startTimeOf(process.pid)
    expect(first).toMatch(/^(\d+|\?)$/)
    expect(startTimeOf(process.pid)).toBe(first)
  })

  it('tells nothing of a process that does not run', () => {
    // Above the largest pid that any system gives out.
    expect(startTimeOf(2 ** 31 - 2)).toBeUndefined()
  })
})
