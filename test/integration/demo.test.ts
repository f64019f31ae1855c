/** The demo does what it says, and leaves nothing behind: no process, no key. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.js'
import { ManagerProcess, packageRoot } from '../support/manager-process.js'
import { processesMarked } from '../support/processes.js'

const lastLine = 'demo: 256 shards, 8 instances, 2 machines, 8/8 answered'
const mark = `DEMO_MARK=${randomUUID()}`

let folder: string
let demo: ManagerProcess

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'discordoo-machines-test-'))
})
afterEach(async () => {
  signalGroup('SIGKILL')
  await demo.exited
  rmSync(folder, { recursive: true, force: true })
})

/** As a terminal would start it: in a process group of its own, which a Ctrl-C reaches as a whole. */
function start(...args: string[]): void {
  const [name = '', value] = mark.split('=')
  const child = spawn(process.execPath, ['examples/demo/demo.js', ...args], {
    cwd: packageRoot,
    env: { ...process.env, TMPDIR: folder, [name]: value },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  demo = new ManagerProcess(child)
}

function signalGroup(signal: NodeJS.Signals): void {
  try {
    process.kill(-demo.pid, signal)
  } catch {
    // All of them have ended.
  }
}

async function expectCleanEnd(): Promise<void> {
  expect(await demo.exited, demo.output).toBe(0)
  expect(demo.output.trimEnd().split('\n').at(-1)).toBe(lastLine)
  expect(demo.output).not.toMatch(/Warning/)
  expect(readdirSync(folder)).toEqual([])
  if (process.platform !== 'linux') return
  await eventually(
    () => processesMarked(mark).length === 0 || undefined,
    'the end of all processes',
  )
}

describe('the demo', () => {
  it('runs one bot on two machines, lets them talk, and ends', async () => {
    start()
    await expectCleanEnd()
    expect(demo.output).toMatch(
      /instance 7 on \[::1\]:\d+ got "hello from 127.0.0.1:\d+" from instance 0/,
    )
    expect(demo.output).toMatch(/│ 127\.0\.0\.1:\d+ +│ processes │ 0-3 +│ 0-127 /)
    expect(demo.output).toMatch(/│ \[::1\]:\d+ +│ workers +│ 4-7 +│ 128-255 /)
  })

  it('stays with --keep until Ctrl-C, and ends as well', async () => {
    start('--keep')
    await demo.waitFor(/Ctrl-C ends it/)
    if (process.platform === 'linux') {
      // This process, two children, four bots that are processes, and the reaper of the first child.
      expect(processesMarked(mark)).toHaveLength(8)
    }
    signalGroup('SIGINT')
    await expectCleanEnd()
  })

  it('can be interrupted while it starts', async () => {
    start()
    await demo.waitFor(/starting/)
    signalGroup('SIGINT')
    await demo.exited
    expect(readdirSync(folder)).toEqual([])
    if (process.platform !== 'linux') return
    await eventually(
      () => processesMarked(mark).length === 0 || undefined,
      'the end of all processes',
    )
  })
})
