import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../../../../src/limits.js'
import { epochMax, epochOfFile } from '../../../../src/link/epoch.js'
import { claimEpoch, isLatestEpoch } from '../../../../src/link/epoch-store.js'
import { realSystem, type System } from '../../../../src/system/system.js'

const root = mkdtempSync(join(tmpdir(), 'machines-epochs-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const noon = Date.UTC(2026, 0, 2, 12)
const onPosix = process.platform !== 'win32'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(root, 'state-'))
})

function at(wallClock: number, given: Partial<System> = {}): System {
  return { ...realSystem, wallClock: () => wallClock, ...given }
}

function startsAt(...times: readonly number[]): number[] {
  return times.map((time) => claimEpoch(folder, at(time)).epoch)
}

function epochsOf(path: string): number[] {
  return readdirSync(path)
    .flatMap((name) => epochOfFile(name) ?? [])
    .toSorted((a, b) => a - b)
}

/** The name of the temporary file is made from these bytes, just before it is written. */
function killed(): never {
  throw new Error('killed')
}

/** Runs `meanwhile` once, at a point of a claim that the system is asked at. */
function interrupted(point: 'wallClock' | 'randomBytes', meanwhile: () => void): System {
  let isOver = false
  const once = () => {
    if (isOver) return
    isOver = true
    meanwhile()
  }
  const wallClock = () => {
    if (point === 'wallClock') once()
    return noon
  }
  const randomBytes = (count: number) => {
    if (point === 'randomBytes') once()
    return realSystem.randomBytes(count)
  }
  return { ...realSystem, wallClock, randomBytes }
}

describe('the epochs of one folder', () => {
  it('are times as long as the clock goes on, and grow when it goes back', () => {
    expect(startsAt(noon, noon + 5, noon - 60_000, noon, noon + 9)).toEqual([
      noon,
      noon + 5,
      noon + 6,
      noon + 7,
      noon + 9,
    ])
  })

  it('are above the time-based ones of a parent that has lost its folder', () => {
    const [before = 0] = startsAt(noon)
    rmSync(folder, { recursive: true })
    expect(claimEpoch(folder, at(noon + 1))).toEqual({
      epoch: before + 1,
      isFirst: true,
      warnings: [],
    })
  })

  it('say whether another start came before, and whether one came since', () => {
    const first = claimEpoch(folder, at(noon))
    expect([first.isFirst, isLatestEpoch(folder, first.epoch)]).toEqual([true, true])
    const second = claimEpoch(folder, at(noon))
    expect([second.isFirst, isLatestEpoch(folder, first.epoch)]).toEqual([false, false])
    expect(isLatestEpoch(folder, second.epoch)).toBe(true)
  })

  it('are on disk before they are used', () => {
    const { epoch, warnings } = claimEpoch(folder, at(noon))
    expect(warnings).toEqual([])
    expect(readdirSync(folder)).toEqual([`epoch-${epoch}`])
  })

  it.runIf(onPosix)('are private files', () => {
    const { epoch } = claimEpoch(folder, at(noon))
    expect(statSync(join(folder, `epoch-${epoch}`)).mode & 0o777).toBe(0o600)
  })

  it('leave few files, the highest of them', () => {
    const epochs = startsAt(...Array.from({ length: 50 }, () => noon))
    expect(epochsOf(folder)).toEqual(epochs.slice(-limits.epochFilesKept))
  })

  it('count what their names say, whatever a file holds', () => {
    writeFileSync(join(folder, `epoch-${noon + 9}`), '{ "epoch": 1, not JSON')
    writeFileSync(join(folder, 'epoch-9999999999999.0a.tmp'), '')
    writeFileSync(join(folder, 'identity.json'), '{}')
    expect(startsAt(noon)).toEqual([noon + 10])
  })

  it('end where no number is left, and say what to do', () => {
    writeFileSync(join(folder, `epoch-${epochMax}`), '')
    expect(() => claimEpoch(folder, realSystem)).toThrow(
      expect.objectContaining({ code: 'DM_STATE_DIR', message: expect.stringMatching(/remove/) }),
    )
  })

  it.runIf(onPosix)('are not taken where others may write to the folder', () => {
    chmodSync(folder, 0o777)
    expect(() => claimEpoch(folder, realSystem)).toThrow(/chmod 700/)
  })
})

describe('a start that is killed', () => {
  it('before its file has its name leaves the counter as it was', () => {
    const [before = 0] = startsAt(noon)
    claimEpoch(folder, at(noon, { randomBytes: killed }))
    writeFileSync(join(folder, `epoch-${before + 1}.00ff.tmp`), '{')
    expect(epochsOf(folder)).toEqual([before])
    expect(startsAt(noon)).toEqual([before + 1])
  })

  it('right after that has used its number up', () => {
    const [before = 0] = startsAt(noon)
    writeFileSync(join(folder, `epoch-${before + 1}`), '')
    expect(startsAt(noon)).toEqual([before + 2])
  })
})

describe('a folder that cannot be written', () => {
  it('leaves the clock, and one warning that says what follows', () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    const path = join(file, 'parent')
    const { epoch, warnings } = claimEpoch(path, at(noon))
    expect(epoch).toBe(noon)
    const [warning] = warnings
    expect(warnings).toHaveLength(1)
    expect(warning).toMatchObject({ code: 'DM_STATE_DIR', given: path })
    expect(warning?.message).toContain('refuse this parent')
    expect(warning?.cause).toMatchObject({ code: expect.stringMatching(/ENOTDIR|ENOENT|EEXIST/) })
  })

  it('still counts on from what can be read there', () => {
    const [before = 0] = startsAt(noon)
    const full = at(noon - 5, {
      randomBytes: () => {
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
      },
    })
    const { epoch, warnings } = claimEpoch(folder, full)
    expect(epoch).toBe(before + 1)
    expect(warnings[0]?.message).toContain('ENOSPC')
    expect(epochsOf(folder)).toEqual([before])
  })
})

describe('starts at one moment', () => {
  it.each([
    ['one other', 'wallClock', 1],
    ['one other', 'randomBytes', 1],
    ['so many others that the number is taken and removed again', 'wallClock', 40],
    ['so many others that the number is taken and removed again', 'randomBytes', 40],
  ] as const)('get different numbers: %s, after %s', (_, point, others) => {
    startsAt(noon)
    const taken: number[] = []
    const system = interrupted(point, () => {
      taken.push(...startsAt(...Array.from({ length: others }, () => noon)))
    })
    const { epoch, warnings } = claimEpoch(folder, system)
    expect(taken).toHaveLength(others)
    expect(warnings).toEqual([])
    expect(epoch).toBe(Math.max(...taken) + 1)
  })

  it('fall back on the clock when others are always faster', () => {
    const system: System = at(noon, {
      randomBytes: (count) => {
        startsAt(noon)
        return realSystem.randomBytes(count)
      },
    })
    const { epoch, warnings } = claimEpoch(folder, system)
    expect(warnings[0]?.message).toContain('faster')
    expect(epoch).toBeGreaterThan(Math.max(...epochsOf(folder)))
  })
})
