import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/errors.js'
import { type Limit, limits, limitTable } from '../../src/limits.js'

const page = readFileSync(new URL('../../docs/reference/limits.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \| (.*) \|$/gm)].map(
  ([, name = '', value = '', reason = '', outcome = '']) => ({ name, value, reason, outcome }),
)

function inWords({ value, unit }: Limit): string {
  const counted = value.toLocaleString('en-US')
  if (unit === 'count') return counted
  if (unit === 'ms') return `${counted} ms`
  const [KiB, MiB] = [1024, 1024 ** 2]
  if (value % MiB === 0) return `${value / MiB} MiB`
  return value % KiB === 0 ? `${value / KiB} KiB` : `${counted} bytes`
}

describe('the page of limits', () => {
  it('has a row for every limit, and no others', () => {
    const names = Object.keys(limitTable)
    const listed = rows.map(({ name }) => name)
    expect({
      missingOnThePage: names.filter((name) => !listed.includes(name)),
      unknownToTheCode: listed.filter((name) => !names.includes(name)),
      listedTwice: listed.filter((name, index) => listed.indexOf(name) !== index),
    }).toEqual({ missingOnThePage: [], unknownToTheCode: [], listedTwice: [] })
  })

  it('shows each with its value, its unit and its reason', () => {
    const shown = rows.map(({ name, value, reason }) => [name, { value, reason }])
    const inCode = Object.entries(limitTable).map(([name, limit]) => [
      name,
      { value: inWords(limit), reason: limit.reason },
    ])
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(inCode))
  })

  it('says what happens at each, with codes that exist', () => {
    expect(rows.filter(({ outcome }) => outcome.trim().length < 10)).toEqual([])
    const named = [...page.matchAll(/DM_[A-Z_]+\b/g)].map(([code]) => code)
    expect(named.filter((code) => !Object.hasOwn(errorCodes, code))).toEqual([])
  })
})

describe('limits', () => {
  it('are whole numbers above zero', () => {
    for (const value of Object.values(limits)) {
      expect(Number.isSafeInteger(value) && value > 0).toBe(true)
    }
  })

  it('fit into each other', () => {
    expect(limits.bodyBytesMax).toBeLessThan(limits.messageBytesMax)
    expect(limits.frameBytesMax).toBeLessThan(limits.messageBytesMax)
    expect(limits.bodyBytesMax).toBeLessThan(limits.channelFrameBytesMax)
    expect(limits.messageBytesMax).toBeLessThan(limits.sessionBufferBytesMin)
    expect(limits.sessionBufferBytesMin).toBeLessThan(limits.sessionBufferBytesMax)
    expect(limits.channelFrameBytesMax).toBeLessThan(limits.channelBacklogBytesMax)
    expect(limits.connectionsPerAddressMax).toBeLessThan(limits.connectionsMax)
    expect(limits.strangersPerAddressMax).toBeLessThan(limits.connectionsPerAddressMax)
    expect(limits.strangersMax).toBeLessThan(limits.connectionsMax - limits.connectionsReserved)
    expect(limits.refusalDelayProvenMsMax).toBeLessThan(limits.refusalDelayMsMax)
    expect(limits.heartbeatMsMax).toBeLessThanOrEqual(limits.sessionResumeWindowMs)
    expect(limits.managerLostGraceMs).toBeLessThan(limits.reaperGraceMs)
  })
})
