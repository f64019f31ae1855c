// Runs the simulations for longer: `--seeds 20000` of them, or only `--seed 17`. Both of them, or with
// `--links` a parent and a child on a failing network, with `--ownership` parent, children and
// instances (`--policy hold` or `reassign`, else both); with `--trace` all that happened is shown.
// `--scale`: 1,000 machines, of which a tenth is lost.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20000' },
    seed: { type: 'string' },
    links: { type: 'boolean', default: false },
    ownership: { type: 'boolean', default: false },
    policy: { type: 'string' },
    scale: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
})

/** The test files to run, as vitest filters them. */
function files() {
  if (values.scale) return ['test/simulation/ownership/scale']
  const links = 'test/simulation/link.test.ts'
  const ownership = `test/simulation/ownership/ownership-${values.policy ?? ''}`
  if (values.links) return [links]
  return values.ownership || values.policy ? [ownership] : [links, ownership]
}

const env = { ...process.env, SEEDS: values.seeds, SEED: values.seed }
if (values.trace) env.TRACE = '1'
if (values.scale) env.SCALE = '1'
const test = ['run', '--project', 'unit', ...files()]
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', ...test], {
  env,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
