import { describe, expect, it } from 'vitest'
import { encodeBody } from '../../../src/routing/body-codec.js'
import { decodeEvalBody, encodeEvalBody } from '../../../src/routing/eval-body.js'

const script = { form: 'body', source: 'return 1' } as const

describe('the body of an EVAL', () => {
  it.each([
    ['a script with a context', 'return 1', { n: 1n }],
    ['a script without one', 'return 1', {}],
    ['a context that hides behind a prototype', 'return 1', Object.create({ n: 1 }) as object],
  ])('%s comes back as it was sent', (_what, source, context) => {
    const own = { ...context }
    expect(decodeEvalBody(encodeEvalBody(source, context))).toEqual({ script, context: own })
  })

  it('is what was encoded before, where the script is the same and there is no context', () => {
    expect(encodeEvalBody('return 2')).not.toBe(encodeEvalBody('return 3'))
    encodeEvalBody('return 4')
    expect(encodeEvalBody('return 4', {})).toBe(encodeEvalBody('return 4'))
    expect(encodeEvalBody('return 4', { n: 1 })).not.toEqual(encodeEvalBody('return 4'))
  })

  it('keeps a script as text apart from a function of the same text', () => {
    const source = '(context) => context'
    const bodies = [encodeEvalBody(source), encodeEvalBody((context: unknown) => context)]
    expect(bodies.map((body) => decodeEvalBody(body).script.form)).toEqual(['body', 'function'])
  })

  it('what was kept does not change when the memory of a body is used again', () => {
    const first = encodeEvalBody('return 5')
    const copy = new Uint8Array(first)
    first.fill(0)
    expect(encodeEvalBody('return 5')).toEqual(copy)
  })

  it('gives each eval a context of its own', () => {
    const body = encodeEvalBody('return 6')
    decodeEvalBody(body)
    expect(decodeEvalBody(body).context).not.toBe(decodeEvalBody(body).context)
  })

  it('carries scripts that are too long to be kept', () => {
    const source = `return ${' '.repeat(5_000)}7`
    const body = encodeEvalBody(source)
    expect(decodeEvalBody(body).script.source).toBe(source)
    expect(encodeEvalBody(source)).not.toBe(body)
  })

  it.each([
    ['no object', encodeBody([], ''), 'DM_BODY_INVALID'],
    ['no script', encodeBody({ form: 'other', source: '', context: {} }, ''), 'DM_EVAL_SCRIPT'],
    ['no body', new Uint8Array(), 'DM_BODY_INVALID'],
  ])('refuses %s, each time', (_what, body, code) => {
    for (let times = 0; times < 2; times += 1) {
      expect(() => decodeEvalBody(body)).toThrow(expect.objectContaining({ code }))
    }
  })

  it.each([[[1]], [null], ['text']])('refuses %j as a context', (context) => {
    const refusal = { code: 'DM_OPTION_TYPE', path: 'context' }
    expect(() => encodeEvalBody('', context)).toThrow(expect.objectContaining(refusal))
  })
})
