// Runs the fuzzer for longer: `--runs 20000000` inputs in all, from `--seed 1` (default: the clock).
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
})
const env = { ...process.env, FUZZ_RUNS: values.runs, FUZZ_SEED: values.seed }
const test = ['run', '--project', 'unit', 'test/fuzz']
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', ...test], {
  env,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
