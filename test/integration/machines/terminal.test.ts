/**
 * What Ctrl-C in a terminal does: SIGINT to every process of its foreground group at once, bots
 * included. A terminal is a process group of its own here, led by a process that outlives the rest.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.js'
import { freePort } from '../../support/free-port.js'
import { ManagerProcess, Project } from '../../support/manager-process.js'
import { isRunning, processesOfGroup } from '../../support/processes.js'

const goneWithinMs = 5_000

/** Runs manager files in its own process group, as a shell does, and says how each has ended. */
const shell = `
import { spawn } from 'node:child_process'
process.on('SIGINT', () => {})
for (const file of process.argv.slice(2)) {
  const manager = spawn(process.execPath, [file], { stdio: 'inherit', cwd: process.cwd() })
  manager.on('exit', (code, signal) => console.log('ended', file, code ?? signal))
}`

const bot = `
import { bot } from 'discordoo-machines/bot'
console.log('pid', process.pid)
bot.on('stopping', ({ reason }) => {
  console.log('goodbye', bot.id, reason)
  if (process.env.BOT_STAYS) return new Promise(() => {})
})
if (!process.env.BOT_IS_SLOW) bot.ready()`

function childFile(port: number): string {
  return `
import { ShardingManager } from 'discordoo-machines'
const manager = new ShardingManager({
  mode: 'machines', file: './bot.mjs', killTimeoutMs: 60_000,
  machines: { me: 'child', stateDir: './child', ipc: { networkHost: '127.0.0.1', networkPort: ${port} } },
})
await manager.start()
console.log('child listens')`
}

function parentFile(port: number, mode: string): string {
  return `
import { ShardingManager } from 'discordoo-machines'
const childManagerOptions = { mode: '${mode}', shards: 2 }
const manager = new ShardingManager({
  mode: 'machines',
  machines: {
    me: 'parent', stateDir: './parent',
    points: [{ host: '127.0.0.1', port: ${port}, name: 'one', childManagerOptions }],
  },
})
manager.on('machine', ({ phase }) => console.log('machine', phase))
manager.on('warning', ({ message }) => console.log('warning:', message))
await manager.start()
console.log('parent runs')`
}

let project: Project
let terminals: ManagerProcess[]
beforeEach(async () => {
  terminals = []
  project = await Project.create()
  await project.write('shell.mjs', shell)
  await project.write('bot.mjs', bot)
})
afterEach(async () => {
  for (const { pid } of terminals) {
    if (processesOfGroup(pid).length > 0) process.kill(-pid, 'SIGKILL')
  }
  await Promise.all(terminals.map(({ exited }) => exited))
  await project.remove()
})

async function write(mode = 'processes'): Promise<void> {
  const port = await freePort()
  await project.write('child.mjs', childFile(port))
  await project.write('parent.mjs', parentFile(port, mode))
}

function terminal(files: readonly string[], env: NodeJS.ProcessEnv = {}): ManagerProcess {
  const child = spawn(process.execPath, [join(project.folder, 'shell.mjs'), ...files], {
    cwd: project.folder,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const opened = new ManagerProcess(child)
  terminals.push(opened)
  return opened
}

function pressCtrlC({ pid }: ManagerProcess): void {
  process.kill(-pid, 'SIGINT')
}

function pidsIn({ output }: ManagerProcess): number[] {
  return [...output.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid))
}

/** `id: reason`, sorted. */
function goodbyesIn({ output }: ManagerProcess): string[] {
  return [...output.matchAll(/goodbye (\d+) (.*)/g)]
    .map(([, id, reason]) => `${id}: ${reason}`)
    .toSorted()
}

async function expectNothingLeft(): Promise<void> {
  for (const { pid } of terminals) {
    const left = () => processesOfGroup(pid)
    await eventually(() => left().length === 0 || undefined, `the end of ${left().join(', ')}`)
  }
}

describe.runIf(process.platform === 'linux')('Ctrl-C', () => {
  it('on the side of the child ends it and its bots; the parent says so and runs on', async () => {
    await write()
    const [below, above] = [terminal(['child.mjs']), terminal(['parent.mjs'])]
    await above.waitFor(/parent runs/)
    pressCtrlC(below)
    await below.waitFor(/ended child\.mjs 0/)
    await below.exited
    expect(goodbyesIn(below)).toEqual(['0: signal', '1: signal'])
    expect(pidsIn(below).filter(isRunning)).toEqual([])
    await above.waitFor(/machine stopped/)
    expect(above.output).not.toContain('ended')
    pressCtrlC(above)
    await above.waitFor(/ended parent\.mjs 0/)
    expect(above.output).not.toContain('warning: stopped')
    await expectNothingLeft()
  })

  it('on the side of the parent ends the bots everywhere; the child stands by', async () => {
    await write()
    const [below, above] = [terminal(['child.mjs']), terminal(['parent.mjs'])]
    await above.waitFor(/parent runs/)
    pressCtrlC(above)
    await above.waitFor(/ended parent\.mjs 0/)
    expect(goodbyesIn(below)).toEqual(['0: signal', '1: signal'])
    expect(pidsIn(below).filter(isRunning)).toEqual([])
    expect(below.output).not.toContain('ended')
    pressCtrlC(below)
    await below.waitFor(/ended child\.mjs 0/)
    await expectNothingLeft()
  })

  it.each(['processes', 'workers', 'clusters'])(
    'on parent, child and bots as %s at once ends all of them, and the parent knows it',
    async (mode) => {
      await write(mode)
      const both = terminal(['child.mjs', 'parent.mjs'])
      await both.waitFor(/parent runs/)
      pressCtrlC(both)
      await both.exited
      expect(both.output).toMatch(/ended child\.mjs 0/)
      expect(both.output).toMatch(/ended parent\.mjs 0/)
      expect(goodbyesIn(both)).toEqual(['0: signal', '1: signal'])
      expect(both.output).not.toContain('warning: stopped')
      await expectNothingLeft()
    },
  )

  it('during start ends both as well', async () => {
    await write()
    const both = terminal(['child.mjs', 'parent.mjs'], { BOT_IS_SLOW: 'yes' })
    await both.waitFor(/pid \d+.*pid \d+/s)
    pressCtrlC(both)
    await both.exited
    expect(both.output).toMatch(/ended child\.mjs 0/)
    expect(both.output).toMatch(/ended parent\.mjs 0/)
    expect(goodbyesIn(both)).toEqual(['0: signal', '1: signal'])
    expect(both.output).not.toContain('machine failed')
    expect(both.output).not.toContain('DM_START_ABORTED')
    await expectNothingLeft()
  })

  it('for the second time ends managers at once, and bots that refuse to end in 5 s', async () => {
    await write()
    const both = terminal(['child.mjs', 'parent.mjs'], { BOT_STAYS: 'yes' })
    await both.waitFor(/parent runs/)
    const bots = pidsIn(both)
    expect(bots).toHaveLength(2)
    pressCtrlC(both)
    await both.waitFor(/goodbye.*goodbye/s)
    expect(bots.filter(isRunning)).toEqual(bots)
    // A second one that comes too soon counts as the first: so it is pressed until it works.
    await eventually(() => {
      const isOver = /ended child\.mjs/.test(both.output) && /ended parent\.mjs/.test(both.output)
      if (!isOver) pressCtrlC(both)
      return isOver || undefined
    }, 'the end of both managers')
    const endedAt = performance.now()
    expect(both.output).toMatch(/ended child\.mjs 130/)
    expect(both.output).toMatch(/ended parent\.mjs 130/)
    await eventually(() => !bots.some(isRunning) || undefined, 'the end of the bots')
    expect(performance.now() - endedAt).toBeLessThan(goneWithinMs)
    await expectNothingLeft()
  })
})
