/** What the options of a local manager say reaches the instances. discordoo ignored most of it. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ShardingManagerOptions } from '../../../dist/index.js'
import { botFile } from '../../support/launched-bot.js'
import { Testbed } from '../../support/testbed.js'

let bed: Testbed

beforeEach(() => {
  bed = new Testbed()
})
afterEach(() => bed.close())

/** What each instance says of itself. */
async function factsOf(options: Partial<ShardingManagerOptions>) {
  const manager = bed.make({ file: botFile('facts.js'), shards: 1, output: 'ignore', ...options })
  await manager.start()
  return manager.eval<Record<string, unknown>>(({ facts }) => facts)
}

describe('processes', () => {
  it('get variables, a working directory and arguments for Node.js', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'discordoo-machines-test-')))
    try {
      const [facts] = await factsOf({
        mode: 'processes',
        processes: {
          env: { GIVEN: 'to processes' },
          forkOptions: { cwd: folder, execArgv: ['--no-warnings'] },
        },
      })
      expect(facts).toMatchObject({ given: 'to processes', cwd: folder, isMainThread: true })
      expect(facts?.execArgv).toContain('--no-warnings')
      await bed.close()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('workers', () => {
  it('get variables, data, arguments and limits of memory', async () => {
    const [facts] = await factsOf({
      mode: 'workers',
      workers: {
        env: { GIVEN: 'to workers' },
        spawnOptions: {
          workerData: { deep: new Map([['a', 1n]]) },
          argv: ['--flag', 7],
          execArgv: ['--no-warnings'],
          resourceLimits: { maxOldGenerationSizeMb: 123 },
        },
      },
    })
    expect(facts).toMatchObject({
      given: 'to workers',
      isMainThread: false,
      workerData: { deep: new Map([['a', 1n]]) },
      argv: ['--flag', '7'],
      resourceLimits: { maxOldGenerationSizeMb: 123 },
    })
    expect(facts?.execArgv).toContain('--no-warnings')
  })
})

describe('clusters', () => {
  it('get variables', async () => {
    const [facts] = await factsOf({ mode: 'clusters', clusters: { env: { GIVEN: 'to clusters' } } })
    expect(facts).toMatchObject({ given: 'to clusters', isMainThread: true })
  })
})

describe('shards', () => {
  it.each([
    ['a number, as so many from 0', { shards: 3 }, [[0], [1], [2]], 3],
    ['an array, as it is', { shards: [2, 5, 9] }, [[2], [5], [9]], 10],
    ['a range with both its ends', { shards: { from: 2, to: 4 } }, [[2], [3], [4]], 5],
    ['with a total beyond them', { shards: 2, totalShards: 64 }, [[0], [1]], 64],
    ['several to an instance', { shards: 5, shardsPerInstance: 2 }, [[0, 1], [2, 3], [4]], 5],
  ])('may be %s', async (_name, options, shards, totalShards) => {
    const facts = await factsOf({ mode: 'workers', ...options })
    expect(facts.map((fact) => fact.shards)).toEqual(shards)
    expect(facts.map((fact) => fact.totalShards)).toEqual(shards.map(() => totalShards))
  })
})
