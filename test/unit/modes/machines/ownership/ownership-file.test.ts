import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimEpoch } from '../../../../../src/link/epoch-store.js'
import { OwnershipFile } from '../../../../../src/modes/machines/parent/ownership-file.js'
import { realSystem } from '../../../../../src/system/system.js'

const record = {
  machines: {
    a: { shards: '0-1', lease: null },
    b: { shards: '2-3,7', lease: { leaseMs: 5_000, stopMs: 11_000 } },
  },
}

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'ownership-')), 'parent')
})
afterEach(() => {
  rmSync(join(folder, '..'), { recursive: true })
})

function start(): OwnershipFile {
  return new OwnershipFile(folder, claimEpoch(folder, realSystem).epoch, realSystem)
}

describe('the record of who runs what', () => {
  it('is read by the next start as it was kept', () => {
    expect(start().keep(record)).toBeUndefined()
    expect(start().read(false)).toEqual(record)
    expect(statSync(start().file).mode & 0o777).toBe(0o600)
  })

  it('says that nothing runs after a clean end, and where no start came before', () => {
    expect(start().read(true)).toBe('nothing')
    start().keep({ machines: {} })
    expect(start().read(false)).toBe('nothing')
  })

  it('is unknown where a start has come before and left none', () => {
    expect(start().read(false)).toBe('unknown')
  })

  it('is not written any more by a start that was followed by another one', () => {
    const first = start()
    first.keep(record)
    expect(first.isLatest).toBe(true)
    start()
    expect(first.isLatest).toBe(false)
    expect(first.keep({ machines: {} })).toEqual({ kind: 'superseded' })
    expect(start().read(false)).toEqual(record)
  })

  it.each([
    ['no JSON', '{"machines": '],
    ['no record', '{"machines": 7}'],
    ['no ranges', '{"machines": {"a": {"shards": "x", "lease": null}}}'],
    ['no lease', '{"machines": {"a": {"shards": "1", "lease": {"leaseMs": -1, "stopMs": 0}}}}'],
  ])('with %s in it is for a person to look at', (_, text) => {
    const file = start()
    writeFileSync(file.file, text)
    expect(() => file.read(false)).toThrow(/state folder/)
  })

  it('that is far too large is not read at all', () => {
    const file = start()
    writeFileSync(file.file, ' '.repeat(4 * 2 ** 20 + 1))
    expect(() => file.read(false)).toThrow(/has more than 4194304 bytes/)
  })

  it('that cannot be kept is a warning, once until it can be again', () => {
    const file = start()
    mkdirSync(file.file)
    expect(file.keep(record)).toMatchObject({ kind: 'warning', error: { code: 'DM_STATE_DIR' } })
    expect(file.keep(record)).toBeUndefined()
    rmSync(file.file, { recursive: true })
    expect(file.keep(record)).toBeUndefined()
    expect(file.read(false)).toEqual(record)
  })
})
