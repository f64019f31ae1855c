/** A result for people: ratios first, then what was measured. */
import Table from 'cli-table3'
import pc from 'picocolors'

/** @param {number} value */
export function short(value) {
  if (!Number.isFinite(value)) return '-'
  if (value >= 100_000) return `${Math.round(value / 1_000)}k`
  if (value >= 10_000) return `${(value / 1_000).toFixed(1)}k`
  if (value >= 100) return value.toFixed(0)
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** @param {boolean} met */
const word = (met) => (met ? pc.green('met') : pc.red('missed'))

/** @param {any} result of runRounds */
export function targetTable({ contenders, targets }) {
  const titleOf = (name) => contenders.find((one) => one.name === name)?.title ?? name
  const table = new Table({ head: ['measure', 'of', 'against', 'ratio', 'range', 'target', ''] })
  for (const { metric, subject, against, ratio, better, measured, met } of targets) {
    table.push([
      metric,
      titleOf(subject),
      titleOf(against),
      pc.bold(measured.median.toFixed(2)),
      `${measured.low.toFixed(2)}..${measured.high.toFixed(2)}`,
      ...(ratio === undefined
        ? ['', '']
        : [`${better === 'more' ? '>=' : '<='} ${ratio}`, word(met)]),
    ])
  }
  return table.toString()
}

/** @param {any} result of runRounds */
export function valueTable({ contenders, metrics }) {
  const table = new Table({ head: ['', ...metrics.map(({ name, unit }) => `${name}\n${unit}`)] })
  for (const { name, title } of contenders) {
    const cells = metrics.map(({ summaries }) => {
      const one = summaries[name]
      return one ? `${pc.bold(short(one.median))}\n${short(one.low)}..${short(one.high)}` : ''
    })
    table.push([title, ...cells])
  }
  return table.toString()
}
