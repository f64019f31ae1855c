// Runs a simulation for longer: `--seeds 20000` of them, or only `--seed 17`. Links by default; with
// `--ownership` parent, children and instances (`--policy hold` or `reassign`, else both); with
// `--trace` all that happened is shown.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20000' },
    seed: { type: 'string' },
    ownership: { type: 'boolean', default: false },
    policy: { type: 'string' },
    scale: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
})

/** The test files to run, as vitest filters them. */
function files() {
  if (values.scale) return 'test/simulation/ownership/scale'
  if (!values.ownership) return 'test/simulation/link.test.ts'
  return `test/simulation/ownership/ownership-${values.policy ?? ''}`
}

const env = { ...process.env, SEEDS: values.seeds, SEED: values.seed }
if (values.trace) env.TRACE = '1'
if (values.scale) env.SCALE = '1'
const test = ['run', '--project', 'unit', files()]
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', ...test], {
  env,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
