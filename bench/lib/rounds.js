/**
 * Rounds: every contender measures the same thing in turn, A B C A B C, so that what else the
 * machine does at a moment hits neighbours alike. Only ratios within one round are compared.
 */
import { summary } from './statistics.js'

/**
 * @typedef {object} Metric
 * @property {string} name
 * @property {string} unit
 * @property {'more' | 'less'} better
 * @property {unknown} measure handed to the contender
 */
/**
 * @typedef {object} Running
 * @property {(measure: any, ms: number) => Promise<number | undefined>} measure undefined: it has no such figure
 * @property {() => Promise<void>} stop
 */
/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {string} title
 * @property {readonly string[]} [needs] packages of bench/package.json
 * @property {() => Promise<Running>} start
 * @property {boolean} [smoke] false: too much for a smoke test
 */
/**
 * @typedef {object} Target
 * @property {string} metric
 * @property {string} subject
 * @property {string} against
 * @property {number} [ratio] at least this, or at most where less is better; none: only shown
 */
/**
 * A row that is made of two others: by how much more one takes.
 *
 * @typedef {object} Difference
 * @property {string} name
 * @property {string} title
 * @property {string} of
 * @property {string} less
 * @property {number} times what that is multiplied by, for a share of it or another unit
 */
/**
 * @typedef {object} Bench
 * @property {string} name
 * @property {string} title
 * @property {readonly Metric[]} metrics
 * @property {readonly Contender[]} contenders
 * @property {readonly Target[]} targets
 * @property {readonly Difference[]} [differences] rows that come of two others
 * @property {number} [ms] of one measure
 * @property {readonly unknown[]} [warmUps] measures that come before all and do not count
 * @property {boolean} [warm] false: measured at once, where compiling is nothing next to the figures
 * @property {boolean} [smoke] false: too much for a smoke test, which something else stands for
 * @property {string} [skip] why it cannot run here
 */
/**
 * A bench that takes one long look instead of rounds.
 *
 * @typedef {object} LongBench
 * @property {string} name
 * @property {string} title
 * @property {(options: { say: (line: string) => void }) => Promise<{ failures: string[] }>} run `failures`: what must not be
 * @property {(result: any) => string[]} tables for people
 */

/**
 * @param {Bench} bench
 * @param {object} options
 * @param {number} options.rounds
 * @param {number} options.ms of one measure
 * @param {(line: string) => void} options.say
 * @param {boolean} [options.warm] false: measured at once, for a smoke test
 */
export async function runRounds(bench, { rounds, ms, say, warm = bench.warm ?? true }) {
  /** @type {Record<string, Record<string, number[]>>} */
  const values = {}
  for (const { name } of bench.metrics) values[name] = {}
  const contenders = await installed(bench.contenders, say)
  for (let round = 0; round < rounds; round += 1) {
    say(`${bench.name}: round ${round + 1} of ${rounds}`)
    await runRound(
      bench,
      rotated(contenders, round),
      { ms, say, warm },
      (metric, contender, value) => {
        if (value === undefined) return
        const row = values[metric]
        row[contender] ??= []
        row[contender].push(value)
      },
    )
  }
  const differences = bench.differences ?? []
  for (const row of Object.values(values)) addDifferences(row, differences)
  return resultOf(bench, [...contenders, ...differences], values)
}

/** @param {Record<string, number[]>} row @param {readonly Difference[]} differences */
function addDifferences(row, differences) {
  for (const { name, of, less, times } of differences) {
    const [more, base] = [row[of], row[less]]
    if (more && base) row[name] = more.map((value, round) => (value - base[round]) * times)
  }
}

async function runRound(bench, contenders, options, keep) {
  const running = []
  try {
    for (const contender of contenders) running.push({ contender, run: await contender.start() })
    if (options.warm) await warmUp(bench, running, options.ms)
    for (const metric of bench.metrics) {
      for (const { contender, run } of running) {
        keep(metric.name, contender.name, await figure(run, metric, options))
      }
    }
  } finally {
    for (const { run } of running.toReversed()) await run.stop()
  }
}

/**
 * Of what has just started, the first seconds are compilation. A call at a time would not get through
 * with it, so a bench may name what keeps its contenders busy.
 */
async function warmUp({ metrics, warmUps = [metrics[0].measure] }, running, ms) {
  for (const measure of warmUps) {
    for (const { run } of running) await run.measure(measure, ms * 2)
  }
}

/** As long again to warm up: code is compiled for good only when it has run for a while. */
async function figure(run, { measure }, { ms, warm }) {
  if (warm) await run.measure(measure, ms)
  return run.measure(measure, ms)
}

/** Without the peers that are not installed: a checkout can bench itself. */
async function installed(contenders, say) {
  const here = []
  for (const contender of contenders) {
    const missing = (contender.needs ?? []).filter((name) => !canResolve(name))
    if (missing.length === 0) here.push(contender)
    else say(`without ${contender.title}: ${missing.join(', ')} (npm ci --prefix bench)`)
  }
  return here
}

function canResolve(name) {
  try {
    return import.meta.resolve(name) !== ''
  } catch {
    return false
  }
}

function rotated(list, by) {
  const at = list.length === 0 ? 0 : by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

function resultOf({ name, title, metrics, targets }, contenders, values) {
  return {
    name,
    title,
    contenders: contenders.map((one) => ({ name: one.name, title: one.title })),
    metrics: metrics.map(({ name: metric, unit, better }) => ({
      name: metric,
      unit,
      better,
      values: values[metric],
      summaries: mapValues(values[metric], summary),
    })),
    targets: targets.flatMap((target) => verdict(target, metrics, values)),
  }
}

/** How a target fared; nothing where one of the two did not run. */
function verdict(target, metrics, values) {
  const ours = values[target.metric]?.[target.subject]
  const theirs = values[target.metric]?.[target.against]
  if (!ours || !theirs) return []
  const ratio = summary(ours.map((value, round) => value / theirs[round]))
  const { better } = metrics.find(({ name }) => name === target.metric)
  if (target.ratio === undefined) return [{ ...target, better, measured: ratio }]
  const met = better === 'more' ? ratio.median >= target.ratio : ratio.median <= target.ratio
  return [{ ...target, better, measured: ratio, met }]
}

function mapValues(record, change) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
