/**
 * A child manager is killed with kill -9 and started again at once, its bots being deaf to everything
 * that would end them in time. Each bot looks, as it starts, for a living bot with its shard.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ShardingManager } from '../../../dist/index.js'
import { eventually } from '../../support/eventually.js'
import { freePort } from '../../support/free-port.js'
import { type ManagerProcess, Project } from '../../support/manager-process.js'
import { isRunning, reaperOf } from '../../support/processes.js'
import { Testbed } from '../../support/testbed.js'

const shards = [0, 1, 2, 3]

/** Writes a line of its birth: who it is, and who has its shard beside it. */
const bot = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { bot } from 'discordoo-machines/bot'

const lives = (pid) => {
  try {
    const stat = readFileSync('/proc/' + pid + '/stat', 'latin1')
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2)[0])
  } catch {
    return false
  }
}
const births = process.env.BIRTHS
const lines = existsSync(births) ? readFileSync(births, 'utf8').trim().split('\\n') : []
const before = lines.map((line) => JSON.parse(line)).filter(({ shard }) => shard === bot.id)
const beside = before.map(({ pid }) => pid).filter(lives)
appendFileSync(births, JSON.stringify({ shard: bot.id, pid: process.pid, beside }) + '\\n')
process.on('SIGTERM', () => {})
bot.on('stopping', () => new Promise(() => {}))
bot.on('message', () => {
  appendFileSync(births + '.blocked', 'x')
  // Asleep, not at work: the computer is needed for the test.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
bot.ready()`

function child(port: number): string {
  return `
import { ShardingManager } from 'discordoo-machines'
const manager = new ShardingManager({
  mode: 'machines', file: './bot.mjs', killTimeoutMs: 500,
  machines: { me: 'child', ipc: { networkHost: '127.0.0.1', networkPort: ${port} } },
})
manager.on('warning', (warning) => console.log('warning', warning.code, warning.message))
await manager.start()
console.log('listening')`
}

interface Birth {
  readonly shard: number
  readonly pid: number
  /** Bots with the same shard that lived when it was born. */
  readonly beside: readonly number[]
}

describe.runIf(process.platform === 'linux')('a child that is killed and started again', () => {
  let project: Project
  let bed: Testbed
  let parent: ShardingManager

  beforeEach(async () => {
    project = await Project.create()
    bed = new Testbed()
    const port = await freePort()
    await project.write('bot.mjs', bot)
    await project.write('child.mjs', child(port))
    const point = { host: '127.0.0.1', port, name: 'box', shards: shards.length }
    parent = bed.parent([point], { link: { preset: 'local' } })
  })

  afterEach(async () => {
    await bed.close()
    await project.remove()
    for (const { pid } of births().filter((one) => isRunning(one.pid))) process.kill(pid, 'SIGKILL')
  })

  const file = () => join(project.folder, 'births')

  function births(): Birth[] {
    try {
      const lines = readFileSync(file(), 'utf8').trim().split('\n')
      return lines.map((line) => JSON.parse(line))
    } catch {
      return []
    }
  }

  async function startChild(): Promise<ManagerProcess> {
    const manager = await project.run('child.mjs', '.', [], { BIRTHS: file() })
    await manager.waitFor(/listening/)
    return manager
  }

  async function blockAll(): Promise<void> {
    parent.send('block')
    await eventually(() => {
      const marks = `${file()}.blocked`
      return (existsSync(marks) && readFileSync(marks).length === shards.length) || undefined
    }, 'all bots to be blocked')
  }

  /** Bots of all shards have been born after the first so many, and answer. */
  async function allRunAfter(count: number): Promise<readonly Birth[]> {
    await eventually(
      () => births().length >= count + shards.length || undefined,
      'a birth for each shard',
      60_000,
    )
    const born = births().slice(count)
    const pids = await eventually(async () => {
      const outcomes = await parent.evalSettled(() => process.pid, { timeoutMs: 2_000 })
      const answers = outcomes.flatMap((one) => (one.status === 'ok' ? [one.value] : []))
      return answers.length === shards.length ? answers : undefined
    }, 'answers of all shards')
    expect(new Set(born.map(({ pid }) => pid))).toEqual(new Set(pids))
    expect(born.map(({ shard }) => shard).toSorted((a, b) => a - b)).toEqual(shards)
    return born
  }

  it.each([
    ['do not say goodbye', false, false],
    ['are blocked', true, false],
    ['are blocked, their reaper being killed too', true, true],
  ])('starts nothing before its former bots are gone, which %s', async (_, isBlocked, isReaped) => {
    const first = await startChild()
    await parent.start()
    const former = await allRunAfter(0)
    if (isBlocked) await blockAll()
    if (isReaped) process.kill(reaperOf(first.pid), 'SIGKILL')
    await first.kill('SIGKILL')
    // Without a reaper nobody but the next manager can end them.
    if (isReaped) expect(former.every(({ pid }) => isRunning(pid))).toBe(true)
    const second = await startChild()
    const next = await allRunAfter(shards.length)
    expect(next.flatMap(({ beside }) => beside)).toEqual([])
    expect(former.filter(({ pid }) => isRunning(pid))).toEqual([])
    expect(births()).toHaveLength(2 * shards.length)
    expect(second.output).not.toContain('DM_FORMER_INSTANCES')
    expect(second.output).not.toContain('DM_STATE_DIR')
  })
})
