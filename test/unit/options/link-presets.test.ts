import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { linkPresets } from '../../../src/options/link-presets.js'
import { resolveOptions } from '../../../src/options/resolve-options.js'
import { child, environment, parent, point } from './fixtures.js'

const page = readFileSync(new URL('../../../docs/reference/options.md', import.meta.url), 'utf8')

function tuningOf(machines: object) {
  const resolved = [parent([point()], machines), child(machines)].map((given) =>
    resolveOptions(given, environment()),
  )
  const [ofParent, ofChild] = resolved.map((one) => (one.kind === 'local' ? undefined : one.link))
  expect(ofParent).toEqual(ofChild)
  return ofChild
}

function inWords(ms: number): string {
  if (ms < 1_000) return `${ms} ms`
  return ms <= 60_000 ? `${ms / 1_000} s` : `${ms / 60_000} min`
}

describe('presets of links', () => {
  it.each(Object.entries(linkPresets))('make sense in themselves (%s)', (_, preset) => {
    expect(preset.silenceMs).toBeGreaterThanOrEqual(preset.heartbeatMs * 4)
    // A half-open connection is found while there is still time to resume.
    expect(preset.silenceMs * 2).toBeLessThan(preset.resumeWindowMs)
    expect(preset.bufferBytesMax).toBeGreaterThanOrEqual(limits.sessionBufferBytesMin)
    expect(preset.redial.redialDelayMsMin).toBeLessThan(preset.redial.redialDelayMsMax)
    expect(preset.redial.redialDelayMsMax).toBeLessThanOrEqual(preset.resumeWindowMs / 2)
  })

  it('bear with an event loop that is blocked for three seconds, all of them', () => {
    for (const { silenceMs } of Object.values(linkPresets)) expect(silenceMs).toBeGreaterThan(3_000)
  })

  it('stand on the page of options', () => {
    for (const [name, preset] of Object.entries(linkPresets)) {
      const beat = inWords(preset.heartbeatMs)
      const { redialDelayMsMin, redialDelayMsMax } = preset.redial
      const row = `| ${name} | ${beat} | ${inWords(preset.silenceMs)} | ${inWords(preset.resumeWindowMs)} | ${preset.bufferBytesMax / 2 ** 20} MiB | ${preset.pingWarningMs} ms`
      expect(page).toContain(row)
      expect(page).toContain(`| ${redialDelayMsMin / 1_000} s to ${redialDelayMsMax / 1_000} s |`)
    }
  })
})

describe('options of links', () => {
  it('are those of the LAN where nothing is given', () => {
    expect(tuningOf({})).toEqual(linkPresets.lan)
  })

  it('are those of the preset, and what is given wins', () => {
    const link = { preset: 'wan', resumeWindowMs: 90_000, bufferBytesMax: 100 * 2 ** 20 }
    expect(tuningOf({ link, pingWarningMs: 80 })).toEqual({
      ...linkPresets.wan,
      resumeWindowMs: 90_000,
      bufferBytesMax: 100 * 2 ** 20,
      pingWarningMs: 80,
    })
  })

  it.each([{ heartbeatMs: 300 }, { link: { heartbeatMs: 300 } }])(
    'bear with four of the heartbeats that were given (%j)',
    (machines) => {
      expect(tuningOf(machines)).toEqual({ ...linkPresets.lan, heartbeatMs: 300, silenceMs: 1_200 })
    },
  )

  it('take a silence of its own beside a heartbeat', () => {
    const link = { heartbeatMs: 300, silenceMs: 5_000 }
    expect(tuningOf({ link })).toMatchObject(link)
  })
})
