/** Does the bench run, and are its figures sane? One short round of what needs no peer; for CI. */
import { runRounds } from './rounds.js'

const ms = 40

/**
 * @param {Record<string, (options: { minutes: number }) => Promise<import('./rounds.js').Bench | import('./rounds.js').LongBench>>} benches
 * @param {(text: string) => void} print
 */
export async function smoke(benches, print) {
  for (const [name, load] of Object.entries(benches)) {
    const bench = await load({ minutes: 0 })
    if (bench.smoke === false) continue
    if (bench.skip !== undefined) {
      print(`${name}: skipped, ${bench.skip}`)
      continue
    }
    if (bench.run) {
      await smokeLong(bench, print)
      continue
    }
    const contenders = bench.contenders.filter(isForSmoke)
    const settings = { rounds: 1, ms, say: () => {}, warm: false }
    const { metrics } = await runRounds({ ...bench, contenders, differences: [] }, settings)
    for (const metric of metrics) {
      for (const [contender, [value]] of Object.entries(metric.values)) {
        if (!isSane(value, metric)) {
          throw new Error(`${name}: ${metric.name} of ${contender} is ${value}`)
        }
      }
    }
    print(`${name}: ${metrics.length} measures of ${contenders.length} contenders`)
  }
}

/** The clock of processor time ticks too slowly for so short a measure: it may not have moved. */
function isSane(value, { unit }) {
  return Number.isFinite(value) && (value > 0 || (value === 0 && unit === 'us each'))
}

const isForSmoke = ({ needs = [], smoke: isLight = true }) => needs.length === 0 && isLight

async function smokeLong({ name, run, tables }, print) {
  const result = await run({ say: () => {} })
  // They are made of all figures, so a figure that is missing fails here.
  tables(result)
  if (result.failures.length > 0) throw new Error(`${name}: ${result.failures.join(', ')}`)
  print(`${name}: nothing that must not be`)
}
