/** Two parents that both have every right to a child. */
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MachineStatus, MachinesError, ShardingManager } from '../../../dist/index.js'
import { pointOf, Testbed } from '../../support/testbed.js'

const secret = 'a secret that all three know'
const one = { mode: 'workers', shards: 2 } as const

let bed: Testbed
beforeEach(() => {
  bed = new Testbed()
})
afterEach(() => bed.close())

function refusalOf(start: Promise<unknown>): Promise<MachinesError | undefined> {
  return start.then(
    () => undefined,
    (error: MachinesError) => error.failures?.[0] as MachinesError,
  )
}

/** Who says he is which bot, and since when: the same after an adoption, another after a restart. */
function births(manager: ShardingManager): Promise<number[]> {
  return manager.eval(() => performance.timeOrigin)
}

describe('by default', () => {
  it('the second one is told who is there and why it stays out; the first one goes on', async () => {
    const child = await bed.child({ secret })
    const first = bed.parent([pointOf(child, one)], { secret })
    await first.start()
    const second = bed.parent([pointOf(child, one)], { secret })
    const refusal = await refusalOf(second.start())
    expect(refusal?.code).toBe('DM_PARENT_BUSY')
    expect(refusal?.message).toContain('its machines.takeover is never')
    expect(refusal?.message).toContain(first.identity?.fingerprint)
    expect(child.refusals.get('DM_PARENT_BUSY')).toBe(1)
    expect(await births(first)).toHaveLength(2)
  })
})

describe("with takeover: 'higher-epoch'", () => {
  it('the one that was started later takes over what runs, and the first one gives way', async () => {
    const child = await bed.child({ secret, takeover: 'higher-epoch' })
    const first = bed.parent([pointOf(child, one)], { secret })
    await first.start()
    const before = await births(first)
    const failed = once(first as never, 'machine') as Promise<[MachineStatus]>
    const refusals: MachinesError[] = []
    first.on('dialFailed', ({ error }) => refusals.push(error))

    const second = bed.parent([pointOf(child, one)], { secret })
    await second.start()
    expect(await births(second)).toEqual(before)

    const [status] = await failed
    expect(status).toMatchObject({ phase: 'failed', error: { code: 'DM_PARENT_REPLACED' } })
    const outcomes = await first.evalSettled(() => 1)
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['offline', 'offline'])
    // It does not fight back: the new one is served, and the old one has not even knocked.
    for (let n = 0; n < 20; n++) expect(await births(second)).toEqual(before)
    expect(refusals).toEqual([])
    // Its stop is not for bots that are not its own any more.
    await first.stop()
    expect(await births(second)).toEqual(before)
  })

  it('one that was started earlier stays out', async () => {
    const child = await bed.child({ secret, takeover: 'higher-epoch' })
    const stateDir = join(bed.folder, 'of-the-later-one')
    const folder = join(stateDir, 'parent')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // As if it had been started an hour from now.
    const epoch = Date.now() + 3_600_000
    writeFileSync(join(folder, `epoch-${epoch}`), '', { mode: 0o600 })
    const later = bed.parent([pointOf(child, one)], { secret, stateDir })
    await later.start()
    const earlier = bed.parent([pointOf(child, one)], { secret })
    const refusal = await refusalOf(earlier.start())
    expect(refusal?.code).toBe('DM_PARENT_BUSY')
    expect(refusal?.message).toContain('started later')
    expect(await births(later)).toHaveLength(2)
  })

  it('nobody takes over who was only met for the first time', async () => {
    const child = await bed.child({ takeover: 'higher-epoch' })
    const first = bed.parent([pointOf(child, one)])
    await first.start()
    const second = bed.parent([pointOf(child, one)])
    expect((await refusalOf(second.start()))?.code).toBe('DM_IDENTITY_CHANGED')
    expect(await births(first)).toHaveLength(2)
  })
})
