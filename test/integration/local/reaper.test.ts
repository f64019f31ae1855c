/** The reaper of a manager, as the process that it is. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Reaper } from '../../../dist/modes/local/reaper/reaper.js'
import { realSystem } from '../../../dist/system/system.js'
import { eventually } from '../../support/eventually.js'
import { findReaper, isRunning, isStopped, reaperOf } from '../../support/processes.js'

describe.runIf(process.platform === 'linux')('the reaper', () => {
  let reaper: Reaper
  let child: ChildProcess

  beforeEach(() => {
    reaper = new Reaper(realSystem)
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' })
    reaper.watch(child.pid ?? -1)
  })

  afterEach(async () => {
    child.kill('SIGKILL')
    await reaper.close()
  })

  it('leaves the cores to the first instances, but for a second at most', async () => {
    expect(findReaper(process.pid)).toBeUndefined()
    await eventually(() => findReaper(process.pid), 'the reaper')
  })

  it('is there at once when an instance is ready', () => {
    reaper.start()
    expect(isRunning(reaperOf(process.pid))).toBe(true)
  })

  it('is there at once under a lease', () => {
    reaper.lease(realSystem.machineTime() + 60_000)
    expect(isRunning(reaperOf(process.pid))).toBe(true)
  })

  it('that has nothing to watch is not started', () => {
    reaper.unwatch(child.pid ?? -1)
    reaper.start()
    expect(findReaper(process.pid)).toBeUndefined()
  })

  it('that was suspended reads the last renewal first, however many there were', async () => {
    reaper.start()
    const pid = reaperOf(process.pid)
    const exited = once(child, 'exit')
    reaper.lease(realSystem.machineTime() + 500)
    process.kill(pid, 'SIGSTOP')
    await eventually(() => isStopped(pid) || undefined, 'the reaper to be suspended')
    const until = realSystem.machineTime() + 60_000
    // More than fits into a pipe, and into what is kept for it.
    for (let count = 0; count < 20_000; count += 1) reaper.lease(until + count)
    await eventually(() => realSystem.machineTime() > until - 59_000 || undefined, 'the first end')
    process.kill(pid, 'SIGCONT')
    reaper.lease(undefined)
    reaper.lease(realSystem.machineTime() + 1_500)
    await eventually(() => !isStopped(pid) || undefined, 'the reaper to go on')
    expect(isRunning(child.pid ?? -1)).toBe(true)
    expect(await exited).toEqual([null, 'SIGKILL'])
  })
})
