/** When a manager dies, in whatever way, its instances are gone within 5 s. */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.js'
import { ManagerProcess } from '../../support/manager-process.js'
import { findReaper, isRunning, isStopped, reaperOf, titleOf } from '../../support/processes.js'

const goneWithinMs = 5_000
const managerFile = fileURLToPath(
  new URL('../../fixtures/managers/bare-manager.js', import.meta.url),
)

async function expectReaperGone(reaper: number): Promise<void> {
  await eventually(() => !isRunning(reaper) || undefined, 'the end of the reaper')
}

describe.runIf(process.platform === 'linux')('an instance whose manager is gone', () => {
  let folder: string
  let manager: ManagerProcess
  let pids: readonly number[]

  async function startManager(mode: string, ...scripts: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, [managerFile, mode, ...scripts], {
      env: { ...process.env, REPORT: join(folder, 'report') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    manager = new ManagerProcess(child)
    const [, list] = await manager.waitFor(/pids (\[.*\])/)
    pids = JSON.parse(list ?? '[]')
  }

  const allGone = (): true | undefined => pids.every((pid) => !isRunning(pid)) || undefined

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'discordoo-machines-test-'))
    pids = []
  })

  afterEach(async () => {
    await manager.kill('SIGKILL')
    for (const pid of pids.filter(isRunning)) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true })
  })

  describe.each(['processes', 'clusters'])('in %s mode', (mode) => {
    it('ends, idle or at work, aware of managers or not', async () => {
      await startManager(mode, 'echo', 'unaware')
      const reaper = reaperOf(manager.pid)
      await manager.kill('SIGKILL')
      await eventually(allGone, 'the end of both bots', goneWithinMs)
      await expectReaperGone(reaper)
    })

    it('ends when its event loop is blocked', async () => {
      await startManager(mode, 'blocked')
      await manager.waitFor(/blocking/)
      const reaper = reaperOf(manager.pid)
      await manager.kill('SIGKILL')
      await eventually(allGone, 'the end of the blocked bot', goneWithinMs)
      await expectReaperGone(reaper)
    })

    it('ends when it is stopped', async () => {
      await startManager(mode, 'echo')
      for (const pid of pids) process.kill(pid, 'SIGSTOP')
      await eventually(() => pids.every(isStopped) || undefined, 'the bot to be stopped')
      await manager.kill('SIGKILL')
      await eventually(allGone, 'the end of the stopped bot', goneWithinMs)
    })

    it('may say goodbye', async () => {
      await startManager(mode, 'saysGoodbye')
      await manager.kill('SIGKILL')
      await eventually(allGone, 'the end of the bot', goneWithinMs)
      expect(readFileSync(join(folder, 'report'), 'utf8')).toBe('manager-lost')
    })

    it('ends when its goodbye never ends', async () => {
      await startManager(mode, 'deaf')
      await manager.kill('SIGKILL')
      await eventually(allGone, 'the end of the bot', goneWithinMs)
    })

    it('ends when the manager ends without stopping it', async () => {
      await startManager(mode, 'unaware')
      await manager.kill('SIGTERM')
      await eventually(allGone, 'the end of the bot', goneWithinMs)
    })
  })

  it('ends with its manager in workers mode, because it is a part of it', async () => {
    await startManager('workers', 'blocked')
    expect(pids).toEqual([manager.pid])
    expect(findReaper(manager.pid)).toBeUndefined()
    await manager.kill('SIGKILL')
    expect(allGone()).toBe(true)
  })

  it('ends even when the reaper had died and was replaced', async () => {
    await startManager('processes', 'blocked')
    await manager.waitFor(/blocking/)
    const first = reaperOf(manager.pid)
    process.kill(first, 'SIGKILL')
    const second = await eventually(() => {
      const found = findReaper(manager.pid)
      if (found === undefined || found === first) return undefined
      // It is there before the manager has told it anything; once it runs, the manager has.
      return titleOf(found).startsWith('discordoo-machines reaper') ? found : undefined
    }, 'another reaper')
    await manager.kill('SIGKILL')
    await eventually(allGone, 'the end of the bot', goneWithinMs)
    await expectReaperGone(second)
  })

  it('and its reaper leave the signals of a terminal to the manager', async () => {
    await startManager('processes', 'unaware')
    const reaper = reaperOf(manager.pid)
    await eventually(() => titleOf(reaper).includes('discordoo') || undefined, 'its title')
    const all = [reaper, ...pids]
    process.kill(reaper, 'SIGTERM')
    for (const pid of all) process.kill(pid, 'SIGINT')
    for (const pid of all) process.kill(pid, 'SIGHUP')
    // Whoever can still be stopped was not ended by the signals before.
    for (const pid of all) process.kill(pid, 'SIGSTOP')
    await eventually(() => all.every(isStopped) || undefined, 'both to be stopped')
    process.kill(reaper, 'SIGCONT')
    await manager.kill('SIGKILL')
    await eventually(allGone, 'the end of the bot', goneWithinMs)
    await expectReaperGone(reaper)
  })
})
