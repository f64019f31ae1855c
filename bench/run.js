/**
 * The bench: `npm run bench -- [names] [options]`. See README.md beside it.
 *
 *   --rounds 5    how often everything is measured
 *   --ms 600      how long one measure takes
 *   --minutes 10  how long `endurance` takes; it is measured only when it is named
 *   --json FILE   where the figures go (default: bench/results/latest.json)
 *   --svg FILE    where the chart goes (default: none)
 *   --smoke       everything that needs no peer, briefly: does it run, is it sane
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { benches, namedOnly } from './benches.js'
import { withCertificate } from './lib/certificate.js'
import { chart } from './lib/chart.js'
import { conditions } from './lib/conditions.js'
import { targetTable, valueTable } from './lib/report.js'
import { runRounds } from './lib/rounds.js'
import { smoke } from './lib/smoke.js'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '600' },
    json: { type: 'string', default: resolve(import.meta.dirname, 'results/latest.json') },
    svg: { type: 'string' },
    smoke: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
  },
})

const say = (line) => process.stderr.write(`${line}\n`)
const print = (text) => process.stdout.write(`${text}\n`)

async function main() {
  if (options.smoke) return smoke(benches, print)
  const chosen = positionals.length > 0 ? positionals : everything()
  const unknown = chosen.filter((name) => benches[name] === undefined)
  if (unknown.length > 0) {
    throw new Error(
      `no bench is called ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`,
    )
  }
  const settings = { rounds: Number(options.rounds), ms: Number(options.ms), say }
  const results = []
  for (const name of chosen) {
    const bench = await benches[name]({ minutes: Number(options.minutes) })
    if (bench.skip !== undefined) {
      print(`\n${bench.title}\nskipped: ${bench.skip}`)
      continue
    }
    results.push(await (bench.run ? runLong(bench) : runInRounds(bench, settings)))
  }
  await save(options.json, `${JSON.stringify({ ...conditions(), results }, null, 2)}\n`)
  if (options.svg !== undefined) await save(options.svg, chart(results.filter(isInRounds)))
}

const everything = () => Object.keys(benches).filter((name) => !namedOnly.includes(name))
const isInRounds = ({ metrics }) => metrics !== undefined

async function runInRounds(bench, settings) {
  const result = await runRounds(bench, { ...settings, ms: bench.ms ?? settings.ms })
  print(`\n${result.title}`)
  if (result.targets.length > 0) print(targetTable(result))
  print(valueTable(result))
  return result
}

async function runLong({ name, title, run, tables }) {
  const result = await run({ say })
  print(`\n${title}`)
  for (const table of tables(result)) print(table)
  if (result.failures.length > 0) process.exitCode = 1
  return { name, title, ...result }
}

async function save(file, text) {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}

await withCertificate(main)
