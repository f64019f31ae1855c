import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MachinesError } from '../../../../../src/errors.js'
import { limits } from '../../../../../src/limits.js'
import { FormerInstances } from '../../../../../src/modes/machines/child/former-instances.js'
import { VirtualSystem } from '../../../../support/virtual-system.js'
import { FakeProcesses } from './fake-processes.js'

let folder: string
let system: VirtualSystem
let processes: FakeProcesses
let warnings: MachinesError[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'discordoo-machines-former-'))
  system = new VirtualSystem()
  processes = new FakeProcesses()
  warnings = []
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function manager(): { former: FormerInstances; isGone: () => boolean } {
  const former = new FormerInstances(folder, system, (error) => warnings.push(error), processes)
  let gone = false
  void former.gone.then(() => {
    gone = true
  })
  return { former, isGone: () => gone }
}

/** A manager has started two instances and is killed. */
async function killedManager(): Promise<void> {
  const { former } = manager()
  former.open()
  for (const pid of [201, 202]) {
    processes.running.set(pid, `${pid}00`)
    former.happened({ type: 'spawned', instance: pid, pid })
  }
  await Promise.resolve()
  processes.running.delete(processes.self)
  processes.self = 900
  processes.running.set(900, '90000')
}

async function pass(ms: number): Promise<void> {
  await system.advance(ms)
}

describe('a manager that was killed and restarted', () => {
  it('has nothing to wait for when its book is empty', async () => {
    const { former, isGone } = manager()
    await Promise.resolve()
    expect(isGone()).toBe(false)
    former.open()
    await Promise.resolve()
    expect(isGone()).toBe(true)
  })

  it('waits until the last one has ended', async () => {
    await killedManager()
    const { former, isGone } = manager()
    former.open()
    await pass(1_000)
    processes.running.delete(201)
    await pass(1_000)
    expect(isGone()).toBe(false)
    processes.running.delete(202)
    await pass(100)
    expect(isGone()).toBe(true)
    expect(processes.killed).toEqual([])
  })

  it('kills what the reaper has not, and waits for its end', async () => {
    await killedManager()
    const { former, isGone } = manager()
    former.open()
    processes.running.delete(201)
    await pass(limits.formerInstancesMs - 100)
    expect([isGone(), processes.killed]).toEqual([false, []])
    await pass(200)
    expect(processes.killed).toEqual([202])
    expect([isGone(), warnings]).toEqual([true, []])
  })

  it('starts nothing while one cannot be killed', async () => {
    await killedManager()
    processes.immortal.add(202)
    const { former, isGone } = manager()
    former.open()
    await pass(60_000)
    expect(isGone()).toBe(false)
    expect(warnings.map(({ code }) => code)).toEqual(['DM_FORMER_INSTANCES'])
    processes.running.delete(202)
    await pass(100)
    expect(isGone()).toBe(true)
  })

  it('waits no longer once it is stopped, and leaves the rest to its next start', async () => {
    await killedManager()
    const { former, isGone } = manager()
    former.open()
    former.close()
    await pass(60_000)
    expect([isGone(), processes.killed]).toEqual([true, []])
    processes.running.delete(processes.self)
    processes.self = 901
    processes.running.set(901, '91000')
    const next = manager()
    next.former.open()
    await pass(limits.formerInstancesMs + 200)
    expect([next.isGone(), processes.killed]).toEqual([true, [201, 202]])
  })
})
