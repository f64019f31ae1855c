import { describe, expect, it } from 'vitest'
import { startTimeOf } from '../../../../src/modes/local/reaper/process-start.js'
import {
  exitedLine,
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
