import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorCodes, MachinesError, toError } from '../../src/errors.js'

const page = readFileSync(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| `(DM_\w+)` \| (.+?) \| (.*) \|$/gm)].map(
  ([, code = '', when = '', advice = '']) => ({ code, when, advice }),
)

describe('the page of errors', () => {
  it('has a row for every code, and no others', () => {
    const codes = Object.keys(errorCodes)
    const listed = rows.map(({ code }) => code)
    expect({
      missingOnThePage: codes.filter((code) => !listed.includes(code)),
      unknownToTheCode: listed.filter((code) => !codes.includes(code)),
      listedTwice: listed.filter((code, index) => listed.indexOf(code) !== index),
    }).toEqual({ missingOnThePage: [], unknownToTheCode: [], listedTwice: [] })
  })

  it('says when each appears in the same words as the code, and what to do', () => {
    expect(Object.fromEntries(rows.map(({ code, when }) => [code, when]))).toEqual(errorCodes)
    expect(rows.filter(({ advice }) => advice.trim().length < 10)).toEqual([])
  })

  it('names no other code in its advice than those that exist', () => {
    const named = [...page.matchAll(/DM_[A-Z_]+\b/g)].map(([code]) => code)
    expect(named.filter((code) => !Object.hasOwn(errorCodes, code))).toEqual([])
  })
})

describe('MachinesError', () => {
  it('carries its code, its facts and its cause, and nothing that was not given', () => {
    const cause = new Error('below')
    const error = new MachinesError('DM_OPTION_VALUE', 'no', { path: 'mode', cause })
    expect(error).toMatchObject({ name: 'MachinesError', code: 'DM_OPTION_VALUE', path: 'mode' })
    expect(error.cause).toBe(cause)
    expect('cause' in new MachinesError('DM_INTERNAL', 'no')).toBe(false)
  })

  it('is recognised when another copy of the package made it', async () => {
    const again = '../../src/errors.js?another-copy'
    const other: typeof import('../../src/errors.js') = await import(again)
    expect(other.MachinesError).not.toBe(MachinesError)
    expect(new other.MachinesError('DM_TIMEOUT', 'late')).toBeInstanceOf(MachinesError)
    expect(new Error('plain')).not.toBeInstanceOf(MachinesError)
    expect(Object.create(null)).not.toBeInstanceOf(MachinesError)
  })
})

describe('toError', () => {
  it('keeps errors, and makes one of anything else that was thrown', () => {
    const error = new TypeError('x')
    expect(toError(error)).toBe(error)
    expect(toError('text').message).toBe('text')
    expect(toError(7)).toMatchObject({ message: 'a thrown value: 7', cause: 7 })
  })
})
