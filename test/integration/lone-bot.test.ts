/** A bot file that is started by hand, without a manager. */
import { rolldown } from 'rolldown'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Project } from '../support/manager-process.js'

const bot = `
import { bot } from 'discordoo-machines/bot'
const { managed, id, shards, totalShards, machine, mode } = bot
console.log(JSON.stringify({ managed, id, shards, totalShards, machine, mode }))

bot.expose({ client: { guilds: 7 } })
bot.handle('double', (number) => number * 2)
const messages = []
bot.on('message', ({ message, from }) => messages.push({ message, from }))
bot.ready()

bot.send('to myself')
console.log(JSON.stringify({
  eval: await bot.eval(({ client, more }) => client.guilds + more, { context: { more: 1 } }),
  request: await bot.request('double', 21),
  settled: await bot.evalSettled(() => { throw new RangeError('oops') }),
  byShard: await bot.eval('return context.client.guilds', { to: { shard: 0 } }),
  unknown: await bot.eval('return 1', { to: { shard: 1 } }).catch(({ code }) => code),
  messages,
}))
`

let project: Project

beforeEach(async () => {
  project = await Project.create()
})
afterEach(() => project.remove())

async function outputOf(file: string, code: string, args: readonly string[] = []) {
  await project.write(file, code)
  const running = await project.run(file, '.', args)
  const exitCode = await running.exited
  expect(exitCode, running.output).toBe(0)
  return running.output.trim().split('\n')
}

function expectLone(who: string, did: string): void {
  expect(JSON.parse(who)).toEqual({
    managed: false,
    id: 0,
    shards: [0],
    totalShards: 1,
    machine: 'local',
    mode: 'none',
  })
  expect(JSON.parse(did)).toMatchObject({
    eval: [8],
    request: [42],
    settled: [{ status: 'error', instance: 0, machine: 'local', shards: [0] }],
    byShard: [7],
    unknown: 'DM_TARGET_UNKNOWN',
    messages: [{ message: 'to myself', from: { instance: 0, machine: 'local' } }],
  })
}

describe('a bot without a manager', () => {
  it('is a lone instance that talks to itself, and ends when it has nothing left to do', async () => {
    const [who = '', did = ''] = await outputOf('bot.mjs', bot)
    expectLone(who, did)
  })

  it('may be put into one file by a bundler', async () => {
    const input = await project.write('bot.mjs', bot)
    const bundle = await rolldown({ input, platform: 'node' })
    const { output } = await bundle.generate({ codeSplitting: false })
    await bundle.close()
    expect(output).toHaveLength(1)
    const [who = '', did = ''] = await outputOf('one/bundled.mjs', output[0].code)
    expectLone(who, did)
  })

  it('may be a CommonJS file', async () => {
    const code = `
const { bot } = require('discordoo-machines/bot')
const { ShardingManager } = require('discordoo-machines')
console.log(bot.managed, bot.shards.length, typeof ShardingManager)
`
    expect(await outputOf('bot.cjs', code)).toEqual(['false 1 function'])
  })
})
