/**
 * Figures as an SVG for the docs: for each measure one bar per contender, as a share of the best one,
 * as absolute times on shared machines say little.
 */
import { short } from './report.js'

const barHeight = 14
const rowGap = 4
const groupGap = 20
const labelWidth = 250
const barWidth = 420
const valueWidth = 110
const margin = 16
const colours = { ours: '#5865f2', others: '#9aa0b4' }

/** @param {string} words */
const escaped = (words) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** @param {readonly any[]} results of runRounds */
export function chart(results) {
  const lines = []
  let y = margin
  for (const result of results) {
    lines.push(text(margin, y + 12, result.title, 'title'))
    y += 28
    for (const metric of result.metrics) y = group(lines, y, result, metric)
    y += groupGap
  }
  const width = margin * 2 + labelWidth + barWidth + valueWidth
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="sans-serif">`,
    `<title>${escaped(results.map(({ title }) => title).join('; '))}</title>`,
    '<style>text{font-size:11px;fill:#444}.title{font-size:14px;font-weight:bold}.head{font-weight:bold}</style>',
    `<rect width="${width}" height="${y}" fill="#fff"/>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n')
}

/** One measure; returns where the next one begins. */
function group(lines, top, { contenders }, { name, unit, better, summaries }) {
  const bars = contenders.filter((one) => summaries[one.name] !== undefined)
  if (bars.length === 0) return top
  const medians = bars.map((one) => summaries[one.name].median)
  const most = Math.max(...medians)
  const hint = better === 'more' ? 'longer is better' : 'shorter is better'
  lines.push(text(margin, top + 11, `${name}, ${unit} (${hint})`, 'head'))
  let y = top + 18
  for (const [index, { title }] of bars.entries()) {
    const length = Math.max(1, (medians[index] / most) * barWidth)
    const x = margin + labelWidth
    const colour = title.startsWith('discordoo-machines') ? colours.ours : colours.others
    lines.push(text(margin, y + 11, title))
    lines.push(
      `<rect x="${x}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" fill="${colour}"/>`,
    )
    lines.push(text(x + length + 6, y + 11, short(medians[index])))
    y += barHeight + rowGap
  }
  return y + groupGap / 2
}

function text(x, y, words, kind) {
  const style = kind === undefined ? '' : ` class="${kind}"`
  return `<text x="${x.toFixed(1)}" y="${y}"${style}>${escaped(words)}</text>`
}
