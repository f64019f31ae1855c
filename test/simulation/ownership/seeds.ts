/** Runs the seeds of one policy as tests: `SEED=17` that seed alone, `SEEDS=100000` as many from 1 on. */
import { describe, expect, it } from 'vitest'
import { type OwnershipRun, simulate } from './ownership-simulation.js'
import type { StarShape } from './star-options.js'

const only = process.env.SEED === undefined ? undefined : Number(process.env.SEED)
const seeds = Number(process.env.SEEDS ?? 1_000)
const isTraced = process.env.TRACE === '1'

const seedsPerTest = 100
/** A hundred times what it takes by itself, for loaded machines. */
const timeout = 300_000

type Policy = StarShape['onMachineLost']

function ranges(): { readonly first: number; readonly last: number }[] {
  if (only !== undefined) return [{ first: only, last: only }]
  return Array.from({ length: Math.ceil(seeds / seedsPerTest) }, (_, n) => ({
    first: n * seedsPerTest + 1,
    last: Math.min(seeds, (n + 1) * seedsPerTest),
  }))
}

/** What is shown of a seed that failed, with the command that runs it again. */
function failureText(policy: Policy, { seed, problems, trace }: OwnershipRun): string {
  const command = `npm run sim -- --ownership --policy ${policy} --seed ${seed} --trace`
  return `seed ${seed}: ${problems.join('; ')}\n${trace.join('\n')}\nreplay: ${command}`
}

/** `atLeast`: how often events of a kind happen in a run on the average, as fair weather shows nothing. */
export function describeSeeds(policy: Policy, atLeast: Readonly<Record<string, number>>): void {
  describe(`shards through faults under ${policy}`, () => {
    it.each(ranges())(
      'have one owner, and are all owned again (seeds $first to $last)',
      { timeout },
      async ({ first, last }) => {
        const runs: OwnershipRun[] = []
        for (let seed = first; seed <= last; seed++) {
          const run = await simulate(seed, { policies: [policy], isTraced })
          if (run.problems.length > 0) throw new Error(failureText(policy, run))
          runs.push(run)
        }
        if (isTraced) process.stdout.write(`${runs.flatMap(({ trace }) => trace).join('\n')}\n`)
        if (runs.length < seedsPerTest) return
        for (const [kind, count] of Object.entries(atLeast)) {
          const sum = runs.reduce((total, { tally }) => total + (tally.get(kind) ?? 0), 0)
          expect(sum / runs.length, kind).toBeGreaterThan(count)
        }
      },
    )

    it('go the same way when a seed is run again', async () => {
      const seed = only ?? 3
      const options = { policies: [policy], isTraced: true }
      expect(await simulate(seed, options)).toEqual(await simulate(seed, options))
    })
  })
}
