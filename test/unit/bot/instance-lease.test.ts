import { describe, expect, it } from 'vitest'
import { InstanceLease } from '../../../src/bot/instance-lease.js'
import { limits } from '../../../src/limits.js'
import { VirtualSystem } from '../../support/virtual-system.js'

/** `inTurn`: what waits in the channel, handed over within the next turn of the event loop. */
function setUp(inTurn: (lease: InstanceLease) => void = () => {}) {
  const system = new VirtualSystem()
  const ends: { readonly at: number; readonly goodbyeMs: number }[] = []
  const continues: (() => void)[] = []
  let turns = 0
  const lease: InstanceLease = new InstanceLease(
    {
      system,
      afterTurn: (action) => {
        turns += 1
        system.setTimer(1, () => {
          inTurn(lease)
          action()
        })
      },
      onContinue: (action) => continues.push(action),
    },
    (goodbyeMs) => ends.push({ at: system.now(), goodbyeMs }),
  )
  const signal = () => {
    for (const action of continues) action()
  }
  return { system, lease, ends, continues, signal, turns: () => turns }
}

/** From now on, while the test goes on. */
function every(system: VirtualSystem, periodMs: number, action: () => void): void {
  system.setTimer(periodMs, () => {
    action()
    every(system, periodMs, action)
  })
}

describe('the lease of an instance', () => {
  it('ends exactly when it was said to, once', async () => {
    const { system, lease, ends } = setUp()
    lease.told({ until: 3_500, goodbyeMs: 700 })
    await system.advance(3_499)
    expect(ends).toEqual([])
    await system.advance(60_000)
    expect(ends).toEqual([{ at: 3_501, goodbyeMs: 700 }])
    expect(system.pendingTimers).toBe(0)
  })

  it('goes on while it is renewed', async () => {
    const { system, lease, ends } = setUp()
    for (let at = 0; at < 60_000; at += 1_000) {
      lease.told({ until: at + 1_001, goodbyeMs: 700 })
      await system.advance(1_000)
    }
    expect(ends).toEqual([])
    await system.advance(2)
    expect(ends).toHaveLength(1)
  })

  it('is not looked at where there is none', async () => {
    const { system, lease, ends, continues } = setUp()
    lease.heard()
    expect([system.pendingTimers, continues.length]).toEqual([0, 0])
    lease.told({ until: 5_000, goodbyeMs: 700 })
    lease.told(null)
    await system.advance(60_000)
    expect(ends).toEqual([])
    expect(system.pendingTimers).toBe(0)
  })

  it('is looked at once a second, as timers stand still while a machine sleeps', async () => {
    const { system, lease } = setUp()
    let looks = 0
    const time = () => system.now()
    system.machineTime = () => {
      looks += 1
      return time()
    }
    lease.told({ until: 10_000, goodbyeMs: 700 })
    await system.advance(9_999)
    expect(looks).toBe(1 + 9_000 / limits.leaseLookEveryMs)
  })

  it('is looked at when the process goes on after it was stopped', async () => {
    const { system, lease, ends, signal, continues } = setUp()
    lease.told({ until: 500, goodbyeMs: 700 })
    lease.told({ until: 600, goodbyeMs: 700 })
    expect(continues).toHaveLength(1)
    const time = system.now()
    system.machineTime = () => time + 10_000
    signal()
    await system.advance(1)
    expect(ends).toEqual([{ at: 1, goodbyeMs: 700 }])
  })

  it('lives on when the renewal was waiting in the channel', async () => {
    const { system, lease, ends } = setUp((waking) => {
      if (system.now() < 70_000) waking.told({ until: 70_000, goodbyeMs: 700 })
    })
    lease.told({ until: 10_000, goodbyeMs: 700 })
    await system.stall(60_000)
    await system.advance(9_000)
    expect(ends).toEqual([])
    await system.advance(1_001)
    expect(ends).toHaveLength(1)
  })

  it('reads on while anything comes, but not for long', async () => {
    const { system, lease, ends } = setUp()
    lease.told({ until: 1_000, goodbyeMs: 700 })
    every(system, 10, () => lease.heard())
    await system.advance(1_000 + limits.leaseDrainMs)
    expect(ends).toEqual([])
    await system.advance(limits.leaseDrainMs / 10 + 1)
    expect(ends).toHaveLength(1)
  })

  it('finds a renewal behind a heap of messages', async () => {
    const { system, lease, ends } = setUp((waking) => waking.heard())
    lease.told({ until: 1_000, goodbyeMs: 700 })
    every(system, 10, () => {
      lease.heard()
      if (system.now() > 60_400) lease.told({ until: 90_000, goodbyeMs: 700 })
    })
    await system.stall(60_000)
    await system.advance(20_000)
    expect(ends).toEqual([])
  })

  it('ends when nothing comes any more, though something came', async () => {
    const { system, lease, ends } = setUp((waking) => waking.heard())
    lease.told({ until: 1_000, goodbyeMs: 700 })
    await system.advance(1_001)
    expect(ends).toEqual([])
    await system.advance(limits.leaseDrainMs / 10)
    expect(ends).toHaveLength(1)
  })

  it('does not come back once it was acted upon', async () => {
    const { system, lease, ends } = setUp()
    lease.told({ until: 1_000, goodbyeMs: 700 })
    await system.advance(1_001)
    expect(ends).toHaveLength(1)
    lease.told({ until: 5_000, goodbyeMs: 700 })
    await system.advance(60_000)
    expect(ends).toHaveLength(1)
  })

  it('that came too late ends at once', async () => {
    const { system, lease, ends } = setUp()
    await system.advance(5_000)
    lease.told({ until: 4_000, goodbyeMs: 0 })
    await system.advance(1)
    expect(ends).toEqual([{ at: 5_001, goodbyeMs: 0 }])
  })
})
