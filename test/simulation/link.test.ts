import { describe, expect, it } from 'vitest'
import { failureText, type SeedRun, simulate } from './simulate.js'

/** `SEED=17` runs that seed alone, `SEEDS=100000` as many from 1 on. */
const only = process.env.SEED === undefined ? undefined : Number(process.env.SEED)
const seeds = Number(process.env.SEEDS ?? 1_000)

const steps = 300
const seedsPerTest = 100
/** A hundred times what it takes by itself, for loaded machines. */
const timeout = 200_000

function ranges(): { readonly first: number; readonly last: number }[] {
  if (only !== undefined) return [{ first: only, last: only }]
  return Array.from({ length: Math.ceil(seeds / seedsPerTest) }, (_, n) => ({
    first: n * seedsPerTest + 1,
    last: Math.min(seeds, (n + 1) * seedsPerTest),
  }))
}

describe('a link over a faulty network', () => {
  it.each(ranges())(
    'delivers exactly once and in order, or reports (seeds $first to $last)',
    { timeout },
    async ({ first, last }) => {
      const runs: SeedRun[] = []
      for (let seed = first; seed <= last; seed++) {
        const run = await simulate(seed, steps)
        if (run.problems.length > 0) throw new Error(failureText(run))
        runs.push(run)
      }
      if (runs.length < seedsPerTest) return
      // Seeds of fair weather alone would show nothing.
      const sum = (name: keyof SeedRun['counts']) =>
        runs.reduce((total, { counts }) => total + counts[name], 0)
      expect(sum('messages')).toBeGreaterThan(500 * runs.length)
      expect(sum('resumes')).toBeGreaterThan(5 * runs.length)
      expect(sum('resets')).toBeGreaterThan(runs.length)
      expect(sum('lost')).toBeGreaterThan(runs.length)
    },
  )

  it('goes the same way when a seed is run again', async () => {
    const seed = only ?? 3
    expect(await simulate(seed, steps)).toEqual(await simulate(seed, steps))
  })
})
