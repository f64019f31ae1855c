/**
 * The manager's side of the reaper.
 *
 * A manager that is killed with SIGKILL cannot end its instances, and an instance whose event loop
 * is blocked, or that is stopped, cannot see that its manager is gone. A small process of its own
 * can: its stdin ends with the manager, and it kills what is left (entry/reaper.ts). The same where
 * the manager lives, but is suspended or hangs, and its lease has ended.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { limits } from '../../../limits.js'
import { reaperFile } from '../../../package-files.js'
import type { Cancel, System } from '../../../system/system.js'
import { secretVariable } from '../launchers/instance-env.js'
import { startTimeOf } from './process-start.js'
import { exitedLine, hostLine, killAtLine, startedLine } from './reaper-ledger.js'

/** Pause before a reaper that died is started again, so that a broken one is no storm. */
const restartDelayMs = 500

/** NODE_OPTIONS of the manager (an inspector, a loader) are not meant for the reaper. */
function reaperEnv(): NodeJS.ProcessEnv {
  const env = { ...process.env }
  delete env.NODE_OPTIONS
  delete env[secretVariable]
  return env
}

function spawnReaper(): ChildProcess {
  const child = spawn(process.execPath, [reaperFile], {
    // A session of its own: Ctrl-C and a closed terminal must not reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    windowsHide: true,
    env: reaperEnv(),
  })
  child.stdin?.on('error', () => {})
  child.unref()
  return child
}

export class Reaper {
  readonly #system: System
  /** What it was told of each process that it watches. */
  readonly #lines = new Map<number, string>()
  #killAt: number | undefined
  #isLeaseWaiting = false
  #child: ChildProcess | undefined
  #gone: Promise<void> = Promise.resolve()
  /** Set while the start of a reaper waits. */
  #cancelStart: Cancel | undefined
  #closed = false

  constructor(system: System) {
    this.#system = system
  }

  /**
   * From now on this process dies with the manager. Where it is the first, the reaper starts after
   * limits.reaperStartMs or with `start()`, at once where there is a lease.
   */
  watch(pid: number): void {
    this.#enter(pid, startedLine)
  }

  /** The same for the process that instances are threads of; only the end of the lease concerns it. */
  watchHost(pid: number): void {
    this.#enter(pid, hostLine)
  }

  /** Waits no longer; does nothing where the reaper runs, or has nothing to watch. */
  start(): void {
    if (this.#child === undefined && this.#lines.size > 0) this.#spawn()
  }

  /** To be called when the exit of the process was confirmed. */
  unwatch(pid: number): void {
    if (this.#lines.delete(pid)) this.#tell(exitedLine(pid))
  }

  /** When everything is killed, in the machine's time; undefined: as long as the manager lives, never. */
  lease(killAt: number | undefined): void {
    if (killAt === this.#killAt) return
    this.#killAt = killAt
    if (this.#child !== undefined) this.#tellLease()
    else if (killAt !== undefined) this.start()
  }

  /** Ends the reaper; resolves when it has exited. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelStart?.()
    this.#child?.ref()
    this.#child?.stdin?.end()
    await this.#gone
  }

  #enter(pid: number, lineOf: (pid: number, startTime: string) => string): void {
    const startTime = startTimeOf(pid)
    if (startTime === undefined) return
    const line = lineOf(pid, startTime)
    this.#lines.set(pid, line)
    if (this.#child !== undefined) this.#tell(line)
    else if (this.#killAt !== undefined) this.#spawn()
    else this.#startIn(limits.reaperStartMs)
  }

  #startIn(delayMs: number): void {
    this.#cancelStart ??= this.#system.setTimer(delayMs, () => {
      this.#cancelStart = undefined
      this.start()
    })
  }

  #spawn(): void {
    this.#cancelStart?.()
    this.#cancelStart = undefined
    if (this.#closed) return
    const child = spawnReaper()
    this.#child = child
    this.#gone = new Promise((resolve) => {
      const onGone = (): void => {
        resolve()
        this.#lost(child)
      }
      child.once('exit', onGone)
      child.once('error', onGone)
    })
    this.#isLeaseWaiting = false
    if (this.#killAt !== undefined) this.#tellLease()
    for (const line of this.#lines.values()) this.#tell(line)
  }

  #lost(child: ChildProcess): void {
    if (this.#child !== child) return
    this.#child = undefined
    if (this.#closed || this.#lines.size === 0) return
    this.#startIn(restartDelayMs)
  }

  /** One that is suspended reads nothing; of all the renewals it will need the last one alone. */
  #tellLease(): void {
    const stdin = this.#child?.stdin
    if (!stdin?.writableNeedDrain) {
      this.#tell(killAtLine(this.#killAt))
      return
    }
    if (this.#isLeaseWaiting) return
    this.#isLeaseWaiting = true
    stdin.once('drain', () => {
      this.#isLeaseWaiting = false
      this.#tellLease()
    })
  }

  #tell(line: string): void {
    this.#child?.stdin?.write(line)
  }
}
