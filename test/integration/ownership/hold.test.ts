/** Failures of real processes under `hold`: a shard is nobody else's before a person says so. */
import { describe, expect, it } from 'vitest'
import { isHome, steadyFailures } from './steady-failures.js'

describe('under hold', () => {
  const current = steadyFailures({})

  it('a machine that is gone for good leaves its shard dark, until somebody says that it is off', async () => {
    const world = current()
    const before = await world.whole(isHome)
    const heard = world.listen(world.parent)
    await world.child(0).kill('SIGKILL')
    const [line] = await heard(/\{"lost":"m0".*\}/)
    expect(JSON.parse(line)).toEqual({ lost: 'm0', machine: 'm0', policy: 'hold', shards: [0] })
    await world.until(() => world.places[0] === undefined, 'the end of its bot')
    expect(await world.order('removePoint', 'm0')).toEqual({ code: 'DM_OFFLINE' })
    world.expectHeld(before.slice(1))
    await world.order('removePoint', 'm0', { isDown: true })
    const now = await world.whole()
    expect(now.slice(1)).toEqual(before.slice(1))
    expect(['m1', 'm2']).toContain(now[0]?.machine)
  })
})
