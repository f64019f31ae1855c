/** A manager inside an instance would start itself again and again: it refuses to be made. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Project } from '../../support/manager-process.js'

/** The mistake itself: the manager's own file as `file`. */
const ownFile = `
import { ShardingManager } from 'discordoo-machines'
console.log('this file runs')
const manager = new ShardingManager({
  mode: process.argv[2] ?? 'processes',
  file: import.meta.url,
  shards: 4,
})
manager.on('warning', () => {})
await manager.start().catch(async (error) => {
  console.log('start failed:', error.code, error.message)
  for (const { code, message } of error.failures) console.log('failure:', code, message)
  await manager.stop()
})
`

const plainManager = `
import { ShardingManager } from 'discordoo-machines'
try {
  new ShardingManager({ mode: 'processes', file: import.meta.url, shards: 1 })
  console.log('made')
} catch (error) {
  console.log('refused', error.code)
}
`

let project: Project

beforeEach(async () => {
  project = await Project.create()
})
afterEach(() => project.remove())

describe.each(['processes', 'workers', 'clusters'])('a manager file as the bot of %s', (mode) => {
  it('ends in a clear failure, not in ever more managers', async () => {
    await project.write('manager.mjs', ownFile)
    const running = await project.run('manager.mjs', '.', [mode])
    expect(await running.exited, running.output).toBe(0)
    expect(running.output).toMatch(/start failed: DM_START_FAILED 4 of 4 instances/)
    expect(running.output.match(/failure: DM_SPAWN_LOOP instance \d created a/g)).toHaveLength(4)
    // The manager itself, and one attempt of each of its four instances.
    expect(running.output.match(/this file runs/g)).toHaveLength(5)
  })
})

describe('a manager where discordoo has left its mark', () => {
  const mark = { SHARDING_MANAGER_IPC: 'inherited' }

  it('is made in a plain main process, which merely inherited it', async () => {
    await project.write('manager.mjs', plainManager)
    const running = await project.run('manager.mjs', '.', [], mark)
    await running.exited
    expect(running.output.trim()).toBe('made')
  })

  it('is refused in a process that was forked', async () => {
    const file = await project.write('manager.mjs', plainManager)
    const child = fork(file, [], { env: { ...process.env, ...mark }, silent: true })
    const [text] = await once(child.stdout ?? child, 'data')
    await once(child, 'close')
    expect(String(text).trim()).toBe('refused DM_SPAWN_LOOP')
  })
})
