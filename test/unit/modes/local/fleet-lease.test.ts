import { describe, expect, it } from 'vitest'
import { ManagerOp } from '../../../../src/instances/channel/instance-channel.js'
import { decodeLease, type LeaseNotice } from '../../../../src/instances/channel/lease-notice.js'
import { createFleet } from '../../../../src/modes/local/fleet.js'
import type { InstanceEvent } from '../../../../src/modes/local/fleet-types.js'
import type { RunOptions } from '../../../../src/options/resolved-options.js'
import { FakeLauncher } from '../../../support/fake-launcher.js'
import { quietFleet } from '../../../support/fleet-options.js'
import { runOptions } from '../../../support/launched-bot.js'
import { VirtualSystem } from '../../../support/virtual-system.js'

class LeasedLauncher extends FakeLauncher {
  readonly killTimes: (number | undefined)[] = []

  lease(killAt: number | undefined): void {
    this.killTimes.push(killAt)
  }
}

function setUp(changes: Partial<RunOptions> = {}) {
  const system = new VirtualSystem()
  const launcher = new LeasedLauncher()
  const events: InstanceEvent[] = []
  const fleet = createFleet(launcher, {
    ...quietFleet,
    machine: 'm',
    totalShards: 2,
    instances: [
      { id: 0, shards: [0] },
      { id: 1, shards: [1] },
    ],
    run: runOptions('processes', { killTimeoutMs: 700, ...changes }),
    callTimeoutMs: 1_000,
    system,
    writeOutput() {},
    onEvent: (event) => events.push(event),
    onEnvelope() {},
  })
  /** What an instance was told of its lease, in order. */
  const toldTo = (id: number): (LeaseNotice | null | undefined)[] =>
    launcher
      .instance(id)
      .channel.sent.filter(({ op }) => op === ManagerOp.LEASE)
      .map(({ payload }) => decodeLease(payload))
  return { system, launcher, fleet, events, toldTo }
}

describe('the lease of a fleet', () => {
  it('is told to what runs and to what comes, and to the launcher', async () => {
    const { fleet, launcher, toldTo } = setUp()
    fleet.lease(10_000)
    await fleet.start()
    fleet.lease(20_000)
    fleet.lease(20_000)
    const notices = [10_000, 20_000].map((until) => ({ until, goodbyeMs: 700 }))
    expect([toldTo(0), toldTo(1)]).toEqual([notices, notices])
    await fleet.recreate(1)
    expect(toldTo(1)).toEqual(notices.slice(1))
    expect(launcher.killTimes).toEqual([11_400, 21_400])
    await fleet.stop('end')
  })

  it('may be taken back, and is not spoken of where there is none', async () => {
    const { fleet, launcher, toldTo } = setUp()
    await fleet.start()
    fleet.lease(undefined)
    expect([toldTo(0), launcher.killTimes]).toEqual([[], []])
    fleet.lease(10_000)
    fleet.lease(undefined)
    expect(toldTo(0)).toEqual([{ until: 10_000, goodbyeMs: 700 }, null])
    expect(launcher.killTimes).toEqual([11_400, undefined])
    await fleet.recreate(0)
    expect(toldTo(0)).toEqual([])
    await fleet.stop('end')
  })

  it('that has ended lets nothing be launched, also before anybody has noticed', async () => {
    const respawn = { ...runOptions('processes').respawn, enabled: false }
    const { fleet, launcher, events, system } = setUp({ respawn })
    await fleet.start()
    fleet.lease(10_000)
    await system.advance(10_000)
    launcher.instance(0).exit()
    await system.settle()
    const started = fleet.create(0)
    await expect(started).rejects.toMatchObject({ code: 'DM_INSTANCE_EXITED' })
    expect(launcher.launched).toHaveLength(2)
    expect(events.findLast(({ type }) => type === 'exited')).toMatchObject({
      exit: { message: expect.stringContaining('the lease of this machine has ended') },
    })
    fleet.lease(30_000)
    await fleet.create(0)
    expect(launcher.launched).toHaveLength(3)
    await fleet.stop('end')
  })
})
