/**
 * Puts what every manager and every instance loads into one file each, after the compiler: finding,
 * reading and linking 300 small modules takes a manager three times as long as running them, and 50 an
 * instance still longer than that.
 *
 * Nothing else is bundled, and all other files stay: those that are loaded late are imported from the
 * bundles as they are. Copies of one module in two files are harmless: all that a module keeps is what
 * it has compiled, and errors of one copy are instances of the class of another (src/errors.ts).
 */
import { readFileSync } from 'node:fs'
import { rolldown } from 'rolldown'
import { limits } from '../dist/limits.js'

const { dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const packages = Object.keys({ ...dependencies, ...optionalDependencies })

const bundles = [
  { input: 'dist/index.js', file: 'dist/index.js', format: 'es' },
  { input: 'dist/bot/preload.js', file: 'dist/bot/preload.cjs', format: 'cjs' },
  { input: 'dist/bot/index.js', file: 'dist/bot/index.js', format: 'es' },
  { input: 'dist/bot/talk.js', file: 'dist/bot/talk.cjs', format: 'cjs' },
  {
    input: 'dist/modes/local/entry/reaper.js',
    file: 'dist/modes/local/entry/reaper.js',
    format: 'es',
  },
]

/** Loaded by few instances, and late: these stay files of their own. */
const late = /\/(adopted-client|lone-router)\.js$/

/** Bounds come without their reasons, which are for people: a quarter of what the preload would be. */
const bareLimits = {
  name: 'bare-limits',
  /** @param {string} id */
  load: (id) =>
    /[\\/]dist[\\/]limits\.js$/.test(id) ? `export const limits = ${JSON.stringify(limits)}` : null,
}

for (const { input, ...output } of bundles) {
  const bundle = await rolldown({
    input,
    platform: 'node',
    external: [...packages, late],
    plugins: [bareLimits],
  })
  await bundle.write({ ...output, comments: false })
  await bundle.close()
}
