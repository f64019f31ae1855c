import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MachinesError } from '../../../../../src/errors.js'
import { limits } from '../../../../../src/limits.js'
import { EpochMarks } from '../../../../../src/modes/machines/child/epoch-marks.js'
import { realSystem } from '../../../../../src/system/system.js'

let root: string
let warnings: MachinesError[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'discordoo-machines-marks-'))
  warnings = []
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

const folder = () => join(root, 'child')
const file = () => join(folder(), 'parent-epochs.json')
const key = (n: number) => Buffer.alloc(32, n).toString('base64')

/** As a start of the child reads them. */
function marks(where = folder()): EpochMarks {
  const made = new EpochMarks(where, realSystem, (error) => warnings.push(error))
  made.open()
  return made
}

describe('the epochs of parents', () => {
  it('are there after a restart, the highest of each', () => {
    const first = marks()
    expect(first.of(key(1))).toBeUndefined()
    for (const epoch of [7, 9, 8]) first.enter(key(1), epoch)
    first.enter(key(2), 3)
    const next = marks()
    expect([next.of(key(1)), next.of(key(2)), next.of(key(3))]).toEqual([9, 3, undefined])
    expect(warnings).toEqual([])
  })

  it('are on disk at once, for the owner alone, and written for a higher one only', () => {
    const first = marks()
    first.enter(key(1), 7)
    const { ino, mode } = statSync(file())
    expect(mode & 0o777).toBe(0o600)
    first.enter(key(1), 7)
    first.enter(key(1), 6)
    expect(statSync(file()).ino).toBe(ino)
    expect(JSON.parse(readFileSync(file(), 'utf8')).epochs).toEqual({ [key(1)]: 7 })
  })

  it('are kept of the last few parents', () => {
    const first = marks()
    for (let n = 1; n <= limits.epochMarksKept; n += 1) first.enter(key(n), n)
    first.enter(key(1), 100)
    first.enter(key(200), 1)
    const next = marks()
    expect([1, 2, 3, 200].map((n) => next.of(key(n)))).toEqual([100, undefined, 3, 1])
  })

  it('are forgotten when that is asked for', () => {
    const first = marks()
    expect(first.forget()).toBe(false)
    first.enter(key(1), 7)
    expect(first.forget()).toBe(true)
    expect([first.of(key(1)), marks().of(key(1))]).toEqual([undefined, undefined])
  })

  it.each([
    ['no JSON', '{"epochs":'],
    ['no epochs', '{"epochs":null}'],
    ['a name that is no key', '{"epochs":{"me":1}}'],
    ['an epoch that is none', `{"epochs":{"${Buffer.alloc(32).toString('base64')}":-1}}`],
    ['an epoch that is a text', `{"epochs":{"${Buffer.alloc(32).toString('base64')}":"1"}}`],
  ])('count as none when the file holds %s, with a warning', (_, text) => {
    marks().enter(key(1), 7)
    writeFileSync(file(), text)
    const next = marks()
    expect(next.of(key(1))).toBeUndefined()
    expect(warnings).toMatchObject([{ code: 'DM_STATE_DIR', given: file() }])
    next.enter(key(1), 8)
    expect(marks().of(key(1))).toBe(8)
  })

  it.skipIf(process.platform === 'win32')('count as none when others may write them', () => {
    marks().enter(key(1), 7)
    chmodSync(file(), 0o666)
    expect(marks().of(key(1))).toBeUndefined()
    expect(warnings).toMatchObject([{ code: 'DM_STATE_DIR' }])
  })

  it('hold until the end of the process where they cannot be written, with one warning', () => {
    writeFileSync(join(root, 'a-file'), '')
    const where = join(root, 'a-file', 'child')
    const first = new EpochMarks(where, realSystem, (error) => warnings.push(error))
    first.enter(key(1), 7)
    first.enter(key(1), 8)
    expect(first.of(key(1))).toBe(8)
    expect(warnings).toMatchObject([
      { code: 'DM_STATE_DIR', message: expect.stringContaining('cannot be written') },
    ])
  })
})
