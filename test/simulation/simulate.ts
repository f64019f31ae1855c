/** Runs seeds, one after the other, until one fails. */
import { LinkSimulation, type SimulationCounts } from './link-simulation.js'

export interface SeedRun {
  readonly seed: number
  readonly problems: readonly string[]
  readonly counts: SimulationCounts
}

export async function simulate(seed: number, steps: number): Promise<SeedRun> {
  const simulation = new LinkSimulation(seed)
  await simulation.run(steps)
  return { seed, problems: simulation.problems, counts: simulation.counts }
}

/** What is shown of a seed that failed, with the command that runs it again. */
export function failureText({ seed, problems }: SeedRun): string {
  const command = `SEED=${seed} npx vitest run --project unit test/simulation/link.test.ts`
  return `seed ${seed}: ${problems.join('; ')}\nreplay: ${command}`
}
