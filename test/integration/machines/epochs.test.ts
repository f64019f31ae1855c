/** A parent counts its starts in its state folder, and its bots know nothing of them. */
import { execFile } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MachinesError, ShardingManager } from '../../../dist/index.js'
import { pointOf, Testbed } from '../../support/testbed.js'

const one = { mode: 'workers', shards: 2 } as const
const run = promisify(execFile)

let bed: Testbed
beforeEach(() => {
  bed = new Testbed()
})
afterEach(() => bed.close())

function births(manager: ShardingManager): Promise<number[]> {
  return manager.eval(() => performance.timeOrigin)
}

function highestEpoch(stateDir: string): number {
  const names = readdirSync(join(stateDir, 'parent')).filter((name) => /^epoch-\d+$/.test(name))
  return Math.max(...names.map((name) => Number(name.slice('epoch-'.length))))
}

describe('a parent that is started again on its state folder', () => {
  it('has a higher epoch each time, and its bots run on', async () => {
    const child = await bed.child()
    const stateDir = join(bed.folder, 'kept')
    const epochs: number[] = []
    const seen: number[][] = []
    for (let start = 0; start < 3; start += 1) {
      const parent = bed.parent([pointOf(child, one)], { stateDir })
      await parent.start()
      epochs.push(highestEpoch(stateDir))
      seen.push(await births(parent))
      await parent.detach()
    }
    expect(new Set(epochs).size).toBe(3)
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b))
    expect(seen).toEqual([seen[0], seen[0], seen[0]])
  })

  it('is let in though the clock went back since', async () => {
    const child = await bed.child()
    const stateDir = join(bed.folder, 'kept')
    const first = bed.parent([pointOf(child, one)], { stateDir })
    await first.start()
    const before = await births(first)
    await first.detach()
    // As if that start had been an hour from now.
    const later = highestEpoch(stateDir) + 3_600_000
    writeFileSync(join(stateDir, 'parent', `epoch-${later}`), '', { mode: 0o600 })
    const second = bed.parent([pointOf(child, one)], { stateDir })
    await second.start()
    expect(highestEpoch(stateDir)).toBe(later + 1)
    expect(await births(second)).toEqual(before)
  })

  it('does without a folder that it can write, and says so', async () => {
    const child = await bed.child()
    const file = join(bed.folder, 'a-file')
    writeFileSync(file, '')
    const parent = bed.parent([pointOf(child, one)], { stateDir: join(file, 'state') })
    const warnings: MachinesError[] = []
    parent.on('warning', (warning) => warnings.push(warning))
    await parent.start()
    expect(await births(parent)).toHaveLength(2)
    const about = warnings.filter(({ message }) => message.includes('the number of this start'))
    expect(about).toMatchObject([{ code: 'DM_STATE_DIR' }])
  })
})

describe('processes that start on one folder at once', () => {
  it('get different epochs, though their clocks stand still', async () => {
    const store = new URL('../../../dist/link/epoch-store.js', import.meta.url)
    const folder = join(bed.folder, 'shared')
    const script = `
      import { claimEpoch } from ${JSON.stringify(store)}
      import { randomBytes } from 'node:crypto'
      const system = { wallClock: () => 1_000, randomBytes }
      const claims = Array.from({ length: 25 }, () => claimEpoch(${JSON.stringify(folder)}, system))
      process.stdout.write(JSON.stringify(claims.map(({ epoch, warnings: [warning] }) => warning?.message ?? epoch)))`
    const starts = Array.from({ length: 4 }, () =>
      run(process.execPath, ['--input-type=module', '--eval', script]),
    )
    const outputs = await Promise.all(starts)
    const epochs = outputs.map(({ stdout }) => JSON.parse(stdout) as number[])
    for (const own of epochs) expect(own).toEqual(own.toSorted((a, b) => a - b))
    expect(epochs.flat().every(Number.isSafeInteger)).toBe(true)
    expect(new Set(epochs.flat()).size).toBe(100)
  })
})
