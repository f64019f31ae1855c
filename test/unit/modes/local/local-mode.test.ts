import { describe, expect, it } from 'vitest'
import { IpcIds } from '../../../../src/instances/ipc-ids.js'
import { createFleet } from '../../../../src/modes/local/fleet.js'
import { LocalMode } from '../../../../src/modes/local/local-mode.js'
import type { ModeEvent } from '../../../../src/modes/mode.js'
import { processEnvironment } from '../../../../src/options/options-environment.js'
import { resolveOptions } from '../../../../src/options/resolve-options.js'
import type { ResolvedLocal } from '../../../../src/options/resolved-options.js'
import { FakeLauncher } from '../../../support/fake-launcher.js'
import { botFile } from '../../../support/launched-bot.js'
import { VirtualSystem } from '../../../support/virtual-system.js'

function setUp() {
  const system = new VirtualSystem()
  const launcher = new FakeLauncher()
  const events: ModeEvent[] = []
  const options = resolveOptions(
    {
      mode: 'processes',
      file: botFile('native.js'),
      shards: 2,
      respawn: false,
      output: 'ignore',
    },
    processEnvironment(),
  ) as ResolvedLocal
  const mode = new LocalMode(
    options,
    system,
    (event) => events.push(event),
    new IpcIds(system),
    (fleet) => createFleet(launcher, fleet),
  )
  const phases = () => events.flatMap((event) => (event.type === 'machine' ? [event.phase] : []))
  return { system, launcher, mode, events, phases }
}

describe('LocalMode', () => {
  it('starts and stops everything, as one machine', async () => {
    const { mode, launcher, phases, system } = setUp()
    await mode.start()
    expect(mode.machines()).toMatchObject([
      { name: 'local', phase: 'ready', mode: 'processes', pingMs: undefined, error: undefined },
    ])
    await mode.stop('enough')
    expect(launcher.running).toEqual([])
    expect(phases()).toEqual(['starting', 'ready', 'stopped'])
    expect([system.pendingTimers, system.keepAlives]).toEqual([0, 0])
  })

  it('that is stopped while it starts has not failed', async () => {
    const { mode, launcher, phases } = setUp()
    launcher.bots.startsWell = false
    const started = mode.start()
    await mode.stop('enough')
    await expect(started).rejects.toMatchObject({ code: 'DM_START_ABORTED' })
    expect(phases()).toEqual(['starting', 'stopped'])
  })

  it('fails when an instance does not start, and heals when it is created', async () => {
    const { mode, launcher, phases, system } = setUp()
    launcher.bots.startsWell = false
    const started = mode.start()
    launcher.instance(0).becomeReady()
    launcher.instance(1).exit()
    await expect(started).rejects.toMatchObject({ code: 'DM_START_FAILED' })
    expect(mode.machines()[0]?.error).toMatchObject({ code: 'DM_START_FAILED' })
    const created = mode.create(1)
    launcher.instance(1).becomeReady()
    await created
    await system.settle()
    expect(phases()).toEqual(['starting', 'failed', 'ready'])
    expect(mode.machines()[0]?.error).toBeUndefined()
    await mode.stop('enough')
  })

  it('has nothing to detach from', () => {
    expect('detach' in setUp().mode).toBe(false)
  })
})
