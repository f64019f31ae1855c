/** The bench runs and its figures are sane; how fast anything is, no test looks at. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'

const bench = join(import.meta.dirname, '../../bench/run.js')

it('measures what needs no peer, and every figure is a positive number', {
  timeout: 120_000,
}, async () => {
  const child = spawn(process.execPath, [bench, '--smoke'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  for (const name of ['link', 'machines-processes', 'hub', 'codecs', 'local', 'memory']) {
    expect(output).toMatch(new RegExp(`^${name}: \\d+ measures of \\d+ contenders$`, 'm'))
  }
  expect(output).toMatch(/^endurance: nothing that must not be$/m)
})
