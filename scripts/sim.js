// Runs the simulation of links for longer: `--seeds 20000` of them, or only `--seed 17`.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20000' }, seed: { type: 'string' } },
})
const env = { ...process.env, SEEDS: values.seeds, SEED: values.seed }
const test = ['run', '--project', 'unit', 'test/simulation/link.test.ts']
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', ...test], {
  env,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
