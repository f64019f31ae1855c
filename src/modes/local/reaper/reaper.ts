/**
 * The manager's side of the reaper.
 *
 * A manager that is killed with SIGKILL cannot end its instances, and an instance whose event loop
 * is blocked, or that is stopped, cannot see that its manager is gone. A small process of its own
 * can: its stdin ends with the manager, and it kills what is left (entry/reaper.ts).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Cancel, System } from '../../../system/system.js'
import { secretVariable } from '../launchers/instance-env.js'
import { startTimeOf } from './process-start.js'
import { exitedLine, startedLine } from './reaper-ledger.js'

const entryFile = fileURLToPath(new URL('../entry/reaper.js', import.meta.url))

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
  const child = spawn(process.execPath, [entryFile], {
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
  readonly #startTimes = new Map<number, string>()
  #child: ChildProcess | undefined
  #gone: Promise<void> = Promise.resolve()
  #cancelRestart: Cancel | undefined
  #closed = false

  constructor(system: System) {
    this.#system = system
  }

  /** From now on this process dies with the manager. Starts the reaper when it is the first. */
  watch(pid: number): void {
    const startTime = startTimeOf(pid)
    if (startTime === undefined) return
    this.#startTimes.set(pid, startTime)
    if (this.#child === undefined) this.#start()
    else this.#tell(startedLine(pid, startTime))
  }

  /** To be called when the exit of the process was confirmed. */
  unwatch(pid: number): void {
    if (this.#startTimes.delete(pid)) this.#tell(exitedLine(pid))
  }

  /** Ends the reaper; resolves when it has exited. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRestart?.()
    this.#child?.ref()
    this.#child?.stdin?.end()
    await this.#gone
  }

  #start(): void {
    this.#cancelRestart?.()
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
    for (const [pid, startTime] of this.#startTimes) this.#tell(startedLine(pid, startTime))
  }

  #lost(child: ChildProcess): void {
    if (this.#child !== child) return
    this.#child = undefined
    if (this.#closed || this.#startTimes.size === 0) return
    this.#cancelRestart = this.#system.setTimer(restartDelayMs, () => this.#start())
  }

  #tell(line: string): void {
    this.#child?.stdin?.write(line)
  }
}
