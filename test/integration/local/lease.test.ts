/** An instance whose lease is not renewed any more ends, whatever has become of its manager or itself. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, type TestContext } from 'vitest'
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

/** A manager with bots under a lease, which it renews five times in each; see the fixture. */
class LeasedFleet {
  readonly manager: ManagerProcess
  pids: readonly number[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'discordoo-machines-test-'))

  constructor(mode: string, scripts: readonly string[]) {
    const args = [managerFile, mode, `${leaseMs}`, `${killTimeoutMs}`, ...scripts]
    const child = spawn(process.execPath, args, {
      env: { ...process.env, REPORT: join(this.#folder, 'report') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.manager = new ManagerProcess(child)
  }

  get report(): string {
    return readFileSync(join(this.#folder, 'report'), 'utf8')
  }

  async started(): Promise<this> {
    const [, list] = await this.manager.waitFor(/pids (\[.*\])/)
    this.pids = JSON.parse(list ?? '[]')
    return this
  }

  /** After the manager has said this so many more times; it speaks five times in a lease. */
  async said(pattern: RegExp, count: number): Promise<void> {
    const end = times(this.manager.output, pattern) + count
    const isThere = (output: string) => times(output, pattern) >= end || undefined
    await this.manager.waitUntil(isThere, `${end} times`)
  }

  async gone(): Promise<void> {
    const allGone = () => this.pids.every((pid) => !isRunning(pid)) || undefined
    await eventually(allGone, 'the end of all bots', goneWithinMs)
  }

  async end(): Promise<void> {
    await this.manager.kill('SIGKILL')
    for (const pid of this.pids.filter(isRunning)) process.kill(pid, 'SIGKILL')
    rmSync(this.#folder, { recursive: true })
  }
}

function startFleet(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  mode: string,
  ...scripts: readonly string[]
): Promise<LeasedFleet> {
  const fleet = new LeasedFleet(mode, scripts)
  onTestFinished(() => fleet.end())
  return fleet.started()
}

/** They wait for most of their time, so they run side by side. */
const onLinux = describe.runIf(process.platform === 'linux')
onLinux('an instance under a lease', { concurrent: true }, () => {
  describe.each(['processes', 'clusters'])('in %s mode', (mode) => {
    it('ends when its manager is suspended, aware of managers or not', async (test) => {
      const fleet = await startFleet(test, mode, 'saysGoodbye', 'unaware', 'deaf')
      await stopped(fleet.manager.pid)
      await fleet.gone()
      expect(fleet.report).toBe('lease')
      process.kill(fleet.manager.pid, 'SIGCONT')
      await fleet.manager.waitFor(/exited 0 {"code":88,"signal":null}/)
      await fleet.manager.waitFor(/exited 1 {"code":88,"signal":null}/)
      await fleet.manager.waitFor(/exited 2 {"code":88,"signal":null}/)
    })

    it('ends when its manager hangs', async (test) => {
      const fleet = await startFleet(test, mode, 'echo', 'unaware')
      process.kill(fleet.manager.pid, 'SIGUSR2')
      await fleet.gone()
    })

    it('is killed when it is blocked or suspended itself, and not before its time', async (test) => {
      const fleet = await startFleet(test, mode, 'blocked', 'echo')
      await fleet.manager.waitFor(/blocking/)
      await stopped(fleet.manager.pid, fleet.pids[1] ?? -1)
      const suspendedAt = performance.now()
      await fleet.gone()
      // The last renewal was up to a fifth of the lease before.
      expect(performance.now() - suspendedAt).toBeGreaterThan(boundMs - leaseMs / 5 - 100)
      expect(findReaper(fleet.manager.pid)).toBeDefined()
    })

    it('lives on when it was suspended while its manager renewed the lease', async (test) => {
      const fleet = await startFleet(test, mode, 'echo')
      const [bot = -1] = fleet.pids
      await stopped(bot)
      // Two leases, and so more than the time after which it would be killed.
      await fleet.said(/renewed/g, 10)
      expect(isStopped(bot)).toBe(true)
      process.kill(bot, 'SIGCONT')
      // Those of the time when it was stopped come first, at once.
      await fleet.said(/answered 0/g, 10 + 4)
      expect(fleet.manager.output).not.toContain('exited')
    })
  })

  for (const signal of ['SIGSTOP', 'SIGUSR2'] as const) {
    it(`ends with its manager in workers mode, which is killed after ${signal}`, async (test) => {
      const fleet = await startFleet(test, 'workers', 'echo', 'unaware')
      const { pid } = fleet.manager
      expect(fleet.pids).toEqual([pid, pid])
      const reaper = reaperOf(pid)
      process.kill(pid, signal)
      await fleet.gone()
      await eventually(() => !isRunning(reaper) || undefined, 'the end of the reaper')
    })
  }

  it('ends by itself in workers mode, and the manager lives on that has no threads any more', async (test) => {
    const fleet = await startFleet(test, 'workers', 'echo', 'unaware')
    process.kill(fleet.manager.pid, 'SIGHUP')
    const ends = [0, 1].map((id) =>
      fleet.manager.waitFor(new RegExp(`exited ${id} {"code":88,"signal":null}`)),
    )
    await Promise.all(ends)
    // The reaper would have killed it before the last of them.
    await fleet.said(/not renewed/g, 6)
  })

  it('is killed by another reaper when the first one has died', async (test) => {
    const fleet = await startFleet(test, 'processes', 'blocked')
    await fleet.manager.waitFor(/blocking/)
    const first = reaperOf(fleet.manager.pid)
    process.kill(first, 'SIGKILL')
    await eventually(() => {
      const found = findReaper(fleet.manager.pid)
      if (found === undefined || found === first) return undefined
      return titleOf(found).startsWith('discordoo-machines reaper') ? found : undefined
    }, 'another reaper')
    await stopped(fleet.manager.pid)
    await fleet.gone()
  })
})
