/** An instance whose lease is not renewed any more ends, whatever has become of its manager or itself. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.js'
import { ManagerProcess } from '../../support/manager-process.js'
import { findReaper, isRunning, isStopped, reaperOf, titleOf } from '../../support/processes.js'

const leaseMs = 3_000
const killTimeoutMs = 1_000
const boundMs = leaseMs + 2 * killTimeoutMs
/** Loaded machines are slow to look; no test waits for it unless something is wrong. */
const goneWithinMs = boundMs + 5_000
const managerFile = fileURLToPath(
  new URL('../../fixtures/managers/leased-fleet.js', import.meta.url),
)

function times(output: string, pattern: RegExp): number {
  return output.match(pattern)?.length ?? 0
}

async function stopped(...who: readonly number[]): Promise<void> {
  for (const pid of who) process.kill(pid, 'SIGSTOP')
  await eventually(() => who.every(isStopped) || undefined, 'them to be stopped')
}

describe.runIf(process.platform === 'linux')('an instance under a lease', () => {
  let folder: string
  let manager: ManagerProcess
  let pids: readonly number[]

  async function startManager(mode: string, ...scripts: readonly string[]): Promise<void> {
    const args = [managerFile, mode, `${leaseMs}`, `${killTimeoutMs}`, ...scripts]
    const child = spawn(process.execPath, args, {
      env: { ...process.env, REPORT: join(folder, 'report') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    manager = new ManagerProcess(child)
    const [, list] = await manager.waitFor(/pids (\[.*\])/)
    pids = JSON.parse(list ?? '[]')
  }

  /** After the manager has said this so many more times; it speaks five times in a lease. */
  async function said(pattern: RegExp, count: number): Promise<void> {
    const end = times(manager.output, pattern) + count
    await manager.waitUntil((output) => times(output, pattern) >= end || undefined, `${end} times`)
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
    it('ends when its manager is suspended, aware of managers or not', async () => {
      await startManager(mode, 'saysGoodbye', 'unaware', 'deaf')
      await stopped(manager.pid)
      await eventually(allGone, 'the end of all bots', goneWithinMs)
      expect(readFileSync(join(folder, 'report'), 'utf8')).toBe('lease')
      process.kill(manager.pid, 'SIGCONT')
      await manager.waitFor(/exited 0 {"code":88,"signal":null}/)
      await manager.waitFor(/exited 1 {"code":88,"signal":null}/)
      await manager.waitFor(/exited 2 {"code":88,"signal":null}/)
    })

    it('ends when its manager hangs', async () => {
      await startManager(mode, 'echo', 'unaware')
      process.kill(manager.pid, 'SIGUSR2')
      await eventually(allGone, 'the end of both bots', goneWithinMs)
    })

    it('is killed when it is blocked or suspended itself, and not before its time', async () => {
      await startManager(mode, 'blocked', 'echo')
      await manager.waitFor(/blocking/)
      await stopped(manager.pid, pids[1] ?? -1)
      const suspendedAt = performance.now()
      await eventually(allGone, 'the end of both bots', goneWithinMs)
      // The last renewal was up to a fifth of the lease before.
      expect(performance.now() - suspendedAt).toBeGreaterThan(boundMs - leaseMs / 5 - 100)
      expect(findReaper(manager.pid)).toBeDefined()
    })

    it('lives on when it was suspended while its manager renewed the lease', async () => {
      await startManager(mode, 'echo')
      const [bot = -1] = pids
      await stopped(bot)
      // Two leases, and so more than the time after which it would be killed.
      await said(/renewed/g, 10)
      expect(isStopped(bot)).toBe(true)
      process.kill(bot, 'SIGCONT')
      // Those of the time when it was stopped come first, at once.
      await said(/answered 0/g, 10 + 4)
      expect(manager.output).not.toContain('exited')
    })
  })

  it.each(['SIGSTOP', 'SIGUSR2'] as const)(
    'ends with its manager in workers mode, which is killed after %s',
    async (signal) => {
      await startManager('workers', 'echo', 'unaware')
      expect(pids).toEqual([manager.pid, manager.pid])
      const reaper = reaperOf(manager.pid)
      process.kill(manager.pid, signal)
      await eventually(allGone, 'the end of the manager', goneWithinMs)
      await eventually(() => !isRunning(reaper) || undefined, 'the end of the reaper')
    },
  )

  it('ends by itself in workers mode, and the manager lives on that has no threads any more', async () => {
    await startManager('workers', 'echo', 'unaware')
    process.kill(manager.pid, 'SIGHUP')
    const ends = [0, 1].map((id) =>
      manager.waitFor(new RegExp(`exited ${id} {"code":88,"signal":null}`)),
    )
    await Promise.all(ends)
    // The reaper would have killed it before the last of them.
    await said(/not renewed/g, 6)
  })

  it('is killed by another reaper when the first one has died', async () => {
    await startManager('processes', 'blocked')
    await manager.waitFor(/blocking/)
    const first = reaperOf(manager.pid)
    process.kill(first, 'SIGKILL')
    await eventually(() => {
      const found = findReaper(manager.pid)
      if (found === undefined || found === first) return undefined
      return titleOf(found).startsWith('discordoo-machines reaper') ? found : undefined
    }, 'another reaper')
    await stopped(manager.pid)
    await eventually(allGone, 'the end of the bot', goneWithinMs)
  })
})
