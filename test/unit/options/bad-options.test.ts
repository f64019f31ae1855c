import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../src/errors.js'
import { resolveOptions } from '../../../src/options/resolve-options.js'
import { badOptions } from './bad-options.js'
import { environment, local, parent, point } from './fixtures.js'

function fault(input: unknown, changes = {}): MachinesError {
  try {
    resolveOptions(input, environment(changes))
  } catch (error) {
    if (error instanceof MachinesError) return error
    throw error
  }
  throw new Error('the options were accepted')
}

describe('bad options', () => {
  it.each(badOptions)('$path: $says', ({ input, code, path, says, environment: changes }) => {
    const error = fault(input, changes)
    expect({ code: error.code, path: error.path, message: error.message }).toEqual({
      code,
      path,
      message: `${path}: ${says}`,
    })
    expect(error.failures).toBeUndefined()
  })

  it('are told apart: each gives an error of its own', () => {
    const messages = badOptions.map(
      ({ input, environment: changes }) => fault(input, changes).message,
    )
    expect(new Set(messages).size).toBe(badOptions.length)
    expect(badOptions.length).toBeGreaterThan(70)
  })

  it('carry what was given and what is allowed as fields', () => {
    expect(fault(parent([point(), point({ port: 70_000 })]))).toMatchObject({
      message: 'machines.points[1].port: expected an integer from 1 to 65535, got 70000',
      path: 'machines.points[1].port',
      given: '70000',
      allowed: 'an integer from 1 to 65535',
    })
  })

  it('tell every fault at once, the first of them in the message', () => {
    const error = fault(local({ shards: [], startConcurrency: 0, procceses: {} }))
    expect(error.code).toBe('DM_OPTION_UNKNOWN')
    expect(error.message).toBe(
      "procceses: there is no such option; did you mean 'processes'? " +
        '(and 2 more faults: see error.failures)',
    )
    expect(error.failures?.map((one) => 'path' in one && one.path)).toEqual([
      'procceses',
      'shards',
      'startConcurrency',
    ])
  })

  it('do not take effect through a prototype', () => {
    const error = fault(JSON.parse('{ "__proto__": { "mode": "processes" } }'))
    expect(error).toMatchObject({ code: 'DM_OPTION_MISSING', path: 'mode' })
    expect(fault({ ...local(), constructor: 1 })).toMatchObject({
      code: 'DM_OPTION_UNKNOWN',
      path: 'constructor',
    })
  })

  it('never show a secret, wherever it was put', () => {
    const secret = 'correct horse battery'
    const misplaced = [
      { mode: 'machines', file: 'bot.js', machines: { me: 'child', secrets: secret } },
      { mode: 'machines', file: 'bot.js', machines: { me: 'child', secret: [secret] } },
      { mode: 'machines', file: 'bot.js', machines: { me: 'child', secret: { secret } } },
      { mode: 'machines', file: 'bot.js', machines: { me: 'child', trustedKeys: [secret] } },
      { mode: 'machines', file: 'bot.js', machines: { me: 'child', tls: { secret } } },
      local({ processes: { env: { TOKEN: [secret] } } }),
      local({ processes: { env: [secret] } }),
      local({ processes: { forkOptions: { execArgv: [`${secret}\0`] } } }),
      local({ secret }),
    ]
    for (const input of misplaced) {
      const error = fault(input)
      expect(JSON.stringify([error.message, error.given, error.allowed])).not.toContain('horse')
    }
  })
})
