import { setImmediate as turn } from 'node:timers/promises'
import { format } from 'node:util'
import createDebug from 'debug'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lazyDebug } from '../../../src/system/lazy-debug.js'
import { managerDebug } from '../../../src/system/manager-debug.js'

const said: string[] = []
const before = { log: createDebug.log, enabled: process.env.DEBUG }

beforeEach(() => {
  said.length = 0
  createDebug.log = (...words) => void said.push(format(...words))
})

afterEach(() => {
  createDebug.log = before.log
  createDebug.enable(before.enabled ?? '')
})

const words = () => said.map((line) => /word \d/.exec(line)?.[0])

/** Loading the package takes some turns, and instances say nothing before it is there. */
const heard = () => expect.poll(words)

describe.each([
  ['an instance', lazyDebug],
  ['a manager', managerDebug],
])('debug output of %s', (_, debugOf) => {
  it('is what was switched on, also while the program runs, in order', async () => {
    createDebug.disable()
    const debug = debugOf('discordoo:machines:test')
    debug('word 0')
    createDebug.enable('discordoo:machines:*')
    debug('word 1')
    debug('word %d', 2)
    await heard().toEqual(['word 1', 'word 2'])
    debug('word 3')
    await heard().toEqual(['word 1', 'word 2', 'word 3'])
    createDebug.disable()
    debug('word 4')
    await turn()
    expect(said).toHaveLength(3)
  })

  it('is silent under another name', async () => {
    createDebug.enable('discordoo:machines:other')
    debugOf('discordoo:machines:test')('word 1')
    debugOf('discordoo:machines:other')('word 2')
    await heard().toEqual(['word 2'])
  })
})

it('has said it when the call returns, in a manager', () => {
  createDebug.enable('discordoo:machines:*')
  managerDebug('discordoo:machines:test')('word 1')
  expect(words()).toEqual(['word 1'])
})
