/** What bots print, on the output of their manager. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../../support/free-port.js'
import { Project } from '../../support/manager-process.js'

const bot = `
import { bot } from 'discordoo-machines/bot'
console.log('said by', bot.id)
console.error('complained by', bot.id)
bot.ready()
`

const localManager = `
import { ShardingManager } from 'discordoo-machines'
const [mode, output] = process.argv.slice(2)
const manager = new ShardingManager({
  mode, output, file: './bot.mjs', shards: { from: 4, to: 6 }, shardsPerInstance: 2,
})
await manager.start()
await manager.stop()
console.log('said by the manager')
`

const twoManagers = `
import { ShardingManager } from 'discordoo-machines'
const port = Number(process.argv[2])
const child = new ShardingManager({
  mode: 'machines',
  file: './bot.mjs',
  machines: { me: 'child', ipc: { networkHost: '127.0.0.1', networkPort: port }, stateDir: 'child' },
})
child.on('warning', () => {})
await child.start()
const parent = new ShardingManager({
  mode: 'machines',
  machines: {
    me: 'parent',
    stateDir: 'parent',
    points: [{ host: '127.0.0.1', port, name: 'eu-1', shards: [0, 2, 3], shardsPerInstance: 3 }],
    allowGaps: true,
  },
})
parent.on('warning', () => {})
await parent.start()
await parent.stop()
await child.stop()
`

let project: Project

beforeEach(async () => {
  project = await Project.create()
  await project.write('bot.mjs', bot)
})
afterEach(() => project.remove())

async function linesOf(code: string, ...args: string[]): Promise<string[]> {
  await project.write('manager.mjs', code)
  const running = await project.run('manager.mjs', '.', args)
  const exitCode = await running.exited
  expect(exitCode, running.output).toBe(0)
  return running.output.trim().split('\n').toSorted()
}

describe.each(['processes', 'workers', 'clusters'])('the output of %s', (mode) => {
  it('names machine, instance and shards before every line', async () => {
    expect(await linesOf(localManager, mode, 'prefix')).toEqual([
      '[local #0 4-5] complained by 0',
      '[local #0 4-5] said by 0',
      '[local #1 6] complained by 1',
      '[local #1 6] said by 1',
      'said by the manager',
    ])
  })

  it('is left out, where it is ignored', async () => {
    expect(await linesOf(localManager, mode, 'ignore')).toEqual(['said by the manager'])
  })
})

describe('the output of bots', () => {
  it('is passed on as it is, where it is inherited', async () => {
    expect(await linesOf(localManager, 'processes', 'inherit')).toEqual([
      'complained by 0',
      'complained by 1',
      'said by 0',
      'said by 1',
      'said by the manager',
    ])
  })

  it('bears the name that the parent gave to the machine', async () => {
    expect(await linesOf(twoManagers, String(await freePort()))).toEqual([
      '[eu-1 #0 0,2-3] complained by 0',
      '[eu-1 #0 0,2-3] said by 0',
    ])
  })
})
