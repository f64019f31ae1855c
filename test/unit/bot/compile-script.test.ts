import { describe, expect, it } from 'vitest'
import { compileScript } from '../../../src/bot/compile-script.js'
import { toEvalScript } from '../../../src/routing/eval-script.js'

const samples = {
  arrow: ({ n }: { n: number }) => n + 1,
  arrowAsync: async ({ n }: { n: number }) => n + 1,
  plain: ({ n }: { n: number }) => n + 1,
  method({ n }: { n: number }) {
    return n + 1
  },
  async methodAsync({ n }: { n: number }) {
    return n + 1
  },
  'odd name'({ n }: { n: number }) {
    return n + 1
  },
}

const resultOf = (source: string) => compileScript({ form: 'function', source })({})

describe('scripts', () => {
  it.each(Object.entries(samples))('%s', async (_, script) => {
    expect(await compileScript(toEvalScript(script))({ n: 1 })).toBe(2)
  })

  it.each(['return context.n + 1', 'return await Promise.resolve(context.n + 1) // so'])(
    'text: %s',
    async (script) => {
      expect(await compileScript(toEvalScript(script))({ n: 1 })).toBe(2)
    },
  )

  it('a comment at the end of a function does no harm', async () => {
    const script = { form: 'function', source: '() => 5 // five' } as const
    expect(compileScript(script)({})).toBe(5)
  })

  it('`this` is undefined, and globals are there', () => {
    const script = {
      form: 'function',
      source: 'function () { return [this, typeof process] }',
    } as const
    expect(compileScript(script)({})).toEqual([undefined, 'object'])
  })

  it('a function is new each time, with nothing on it from the time before', () => {
    const source =
      'function counted() { counted.calls = (counted.calls ?? 0) + 1; return counted.calls }'
    const script = { form: 'function', source } as const
    expect([compileScript(script)({}), compileScript(script)({})]).toEqual([1, 1])
  })

  it('more scripts than are kept still run, and so do the first ones again', () => {
    const sources = Array.from({ length: 200 }, (_, index) => `() => ${index}`)
    expect([...sources, ...sources].map(resultOf)).toEqual(
      [...sources, ...sources].map((_, index) => index % 200),
    )
  })

  it('modules can be imported', async () => {
    const script = toEvalScript("return (await import('node:path')).posix.sep")
    expect(await compileScript(script)({})).toBe('/')
  })

  it.each([
    ['no code', { form: 'body', source: 'return (' }],
    ['no function', { form: 'function', source: '1 + 1' }],
    ['a getter', { form: 'function', source: 'get x() { return () => 1 }' }],
    ['two methods', { form: 'function', source: 'a() {}, b() {}' }],
    ['a private method', { form: 'function', source: '#x() {}' }],
    ['a name that is not there', { form: 'function', source: '[nowhere.name]() {}' }],
  ] as const)('%s gives DM_EVAL_SCRIPT', (_, script) => {
    expect(() => compileScript(script)).toThrow(expect.objectContaining({ code: 'DM_EVAL_SCRIPT' }))
  })
})
