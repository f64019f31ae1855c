/** A child knows after a restart which start of its parent was the last one. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MachinesError, ShardingManager } from '../../../dist/index.js'
import { pointOf, Testbed } from '../../support/testbed.js'

const one = { mode: 'workers', shards: 1 } as const

let bed: Testbed
beforeEach(() => {
  bed = new Testbed()
})
afterEach(() => bed.close())

const inBed = (name: string) => join(bed.folder, name)

function child(): Promise<ShardingManager> {
  return bed.child({ stateDir: inBed('child'), secret: 'a secret of the test' })
}

function parentOf(machine: ShardingManager): ShardingManager {
  const machines = { stateDir: inBed('parent'), secret: 'a secret of the test' }
  return bed.parent([pointOf(machine, one)], machines)
}

function epochFiles(): string[] {
  const folder = join(inBed('parent'), 'parent')
  return readdirSync(folder)
    .filter((name) => name.startsWith('epoch-'))
    .map((name) => join(folder, name))
}

/** A parent was here that was started in an hour, by its clock; then it lost its counter. */
async function hadParentOfTomorrow(): Promise<void> {
  const first = await child()
  await parentOf(first)
    .start()
    .then((parent) => parent.stop('its counter is raised'))
  const [some = ''] = epochFiles()
  writeFileSync(join(some, '..', `epoch-${Date.now() + 3_600_000}`), '', { mode: 0o600 })
  await parentOf(first)
    .start()
    .then((parent) => parent.stop('it has made its mark'))
  await first.stop('restart')
  for (const file of epochFiles()) rmSync(file)
}

describe('a child that was restarted', () => {
  it('refuses an earlier start of its parent', async () => {
    await hadParentOfTomorrow()
    const second = await child()
    const failure = await parentOf(second)
      .start()
      .then(
        () => undefined,
        (error: MachinesError) => error,
      )
    expect(failure?.failures).toMatchObject([{ code: 'DM_EPOCH_OLD' }])
    expect(second.refusals.get('DM_EPOCH_OLD')).toBeGreaterThan(0)
  })

  it('lets it in once it was told to forget', async () => {
    await hadParentOfTomorrow()
    const second = await child()
    expect([second.forgetPeer(), second.forgetPeer()]).toEqual([true, false])
    const parent = await parentOf(second).start()
    expect(await parent.eval(() => 'here')).toEqual(['here'])
  })
})
