/** A fleet whose instances come and go while it runs. */
import { describe, expect, it } from 'vitest'
import { createFleet } from '../../../../src/modes/local/fleet.js'
import type { Fleet } from '../../../../src/modes/local/fleet-types.js'
import type { RunOptions } from '../../../../src/options/resolved-options.js'
import { FakeLauncher } from '../../../support/fake-launcher.js'
import { quietFleet } from '../../../support/fleet-options.js'
import { runOptions } from '../../../support/launched-bot.js'
import { VirtualSystem } from '../../../support/virtual-system.js'

const plansOf = (ids: readonly number[]) => ids.map((id) => ({ id, shards: [id] }))

interface Changes {
  readonly run?: Partial<RunOptions>
  readonly onEvent?: (event: string, fleet: Fleet) => void
}

function setUp(ids: readonly number[], { run, onEvent }: Changes = {}) {
  const system = new VirtualSystem()
  const launcher = new FakeLauncher()
  const log: string[] = []
  const fleet: Fleet = createFleet(launcher, {
    ...quietFleet,
    machine: 'm',
    totalShards: 9,
    instances: plansOf(ids),
    run: runOptions('processes', { killTimeoutMs: 1_000, output: 'ignore', ...run }),
    callTimeoutMs: 1_000,
    system,
    writeOutput: () => {},
    onEnvelope: () => {},
    onEvent: ({ type, instance }) => {
      log.push(`${type} ${instance}`)
      onEvent?.(`${type} ${instance}`, fleet)
    },
    onInstancesChanged: () =>
      log.push(
        `has ${fleet
          .status()
          .map(({ id }) => id)
          .join()}`,
      ),
  })
  return { system, launcher, log, fleet }
}

async function running(ids: readonly number[], changes: Changes = {}) {
  const parts = setUp(ids, changes)
  await parts.fleet.start()
  parts.log.length = 0
  return parts
}

/** What a promise has come to, as the code of its error or `done`. */
function outcome(work: Promise<unknown>): { code: string } {
  const seen = { code: 'pending' }
  work.then(
    () => {
      seen.code = 'done'
    },
    (error: unknown) => {
      seen.code = String(Reflect.get(Object(error), 'code'))
    },
  )
  return seen
}

const phases = (fleet: Fleet) => fleet.status().map(({ id, phase }) => `${id} ${phase}`)

async function ended({ system, fleet }: { system: VirtualSystem; fleet: Fleet }) {
  const stopped = fleet.stop('the end')
  await system.advance(5_000)
  await stopped
  expect(system.pendingTimers).toBe(0)
  expect(system.keepAlives).toBe(0)
}

describe('Fleet.add', () => {
  it('starts what is new, is listed in order, and says so before anything is spawned', async () => {
    const parts = await running([0, 4])
    await parts.fleet.add(plansOf([2, 1]))
    expect(parts.log).toEqual(['has 0,1,2,4', 'spawned 2', 'spawned 1', 'ready 2', 'ready 1'])
    expect(phases(parts.fleet)).toEqual(['0 ready', '1 ready', '2 ready', '4 ready'])
    expect(parts.launcher.launched).toHaveLength(4)
    await ended(parts)
  })

  it('makes something of a fleet of none', async () => {
    const parts = await running([])
    expect(parts.fleet.status()).toEqual([])
    await parts.fleet.add([])
    expect(parts.log).toEqual([])
    await parts.fleet.add(plansOf([3]))
    expect(phases(parts.fleet)).toEqual(['3 ready'])
    await ended(parts)
  })

  it('keeps to the one startConcurrency', async () => {
    const parts = setUp([0, 1], { run: { startConcurrency: 2 } })
    const { fleet, launcher, system } = parts
    launcher.bots.startsWell = false
    void fleet.start()
    const added = outcome(fleet.add(plansOf([2])))
    expect(launcher.launched).toHaveLength(2)
    launcher.instance(0).becomeReady()
    expect(launcher.launched).toHaveLength(3)
    launcher.instance(2).becomeReady()
    await system.settle()
    expect(added.code).toBe('done')
    launcher.instance(1).becomeReady()
    await ended(parts)
  })

  it('names what failed of what it adds, and nothing else', async () => {
    const respawn = { ...runOptions('processes').respawn, enabled: false }
    const parts = await running([0], { run: { respawn } })
    const { fleet, launcher } = parts
    launcher.bots.startsWell = false
    const added = fleet.add(plansOf([1, 2]))
    launcher.instance(0).exit()
    launcher.instance(1).exit()
    launcher.instance(2).becomeReady()
    await expect(added).rejects.toMatchObject({
      code: 'DM_START_FAILED',
      message: '1 of 2 instances of m did not start',
      failures: [{ code: 'DM_INSTANCE_EXITED', instance: 1 }],
    })
    await ended(parts)
  })

  it('is refused before start(), after stop(), and for what is here', async () => {
    const parts = setUp([0])
    const { fleet } = parts
    await expect(fleet.add(plansOf([1]))).rejects.toMatchObject({ code: 'DM_STATE' })
    await fleet.start()
    await expect(fleet.add(plansOf([1, 0]))).rejects.toMatchObject({ code: 'DM_STATE' })
    expect(phases(fleet)).toEqual(['0 ready'])
    await ended(parts)
    await expect(fleet.add(plansOf([1]))).rejects.toMatchObject({ code: 'DM_STOPPED' })
  })

  it('of one whose removal has not ended is refused; afterwards it is another instance', async () => {
    const parts = await running([0])
    const { fleet, launcher, system } = parts
    launcher.bots.stopsWell = false
    const removed = fleet.remove([0], 'why')
    await expect(fleet.add(plansOf([0]))).rejects.toMatchObject({ code: 'DM_STATE' })
    await system.advance(2_000)
    await removed
    await fleet.add([{ id: 0, shards: [0, 1] }])
    expect(launcher.instance(0).spec.shards).toEqual([0, 1])
    expect(fleet.status()).toMatchObject([{ id: 0, shards: [0, 1], respawns: 0 }])
    await ended(parts)
  })

  it('is aborted by stop()', async () => {
    const parts = await running([0])
    parts.launcher.bots.startsWell = false
    const added = outcome(parts.fleet.add(plansOf([1, 2])))
    await ended(parts)
    expect(added.code).toBe('DM_START_ABORTED')
    expect(parts.launcher.running).toEqual([])
  })
})

describe('Fleet.remove', () => {
  it('asks, presses and kills, and touches nothing else', async () => {
    const parts = await running([0, 1])
    const { fleet, launcher, system, log } = parts
    launcher.bots.stopsWell = false
    const removed = outcome(fleet.remove([0], 'why'))
    const [asked] = launcher.instance(0).channel.calls
    expect(asked).toBe('16:{"reason":"why","timeoutMs":1000}')
    await system.advance(1_900)
    expect(removed.code).toBe('pending')
    expect(phases(fleet)).toEqual(['0 stopping', '1 ready'])
    await system.advance(200)
    expect(removed.code).toBe('done')
    expect(phases(fleet)).toEqual(['1 ready'])
    expect(log).toEqual(['exited 0', 'stopped 0', 'has 1'])
    expect(launcher.instance(1).channel.calls).toEqual([])
    await expect(fleet.create(0)).rejects.toMatchObject({ code: 'DM_INSTANCE_UNKNOWN' })
    await ended(parts)
  })

  it('passes over ids that are not here, and takes the same ones twice', async () => {
    const parts = await running([0, 1])
    const { fleet, launcher, system } = parts
    await fleet.remove([7], 'why')
    expect(parts.log).toEqual([])
    launcher.bots.stopsWell = false
    const both = [outcome(fleet.remove([0, 0, 7], 'why')), outcome(fleet.remove([0], 'again'))]
    await system.advance(2_000)
    expect(both.map(({ code }) => code)).toEqual(['done', 'done'])
    expect(launcher.instance(0).channel.calls).toHaveLength(1)
    await ended(parts)
  })

  it('of all leaves a fleet that runs on', async () => {
    const parts = await running([0, 1])
    await parts.fleet.remove([0, 1], 'why')
    expect(parts.fleet.status()).toEqual([])
    expect(parts.system.pendingTimers).toBe(0)
    await ended(parts)
  })

  it('of one that starts ends the wait for it, and the start of the others goes on', async () => {
    const parts = setUp([0, 1])
    const { fleet, launcher, system } = parts
    launcher.bots.startsWell = false
    const start = outcome(fleet.start())
    const create = outcome(fleet.create(0))
    await fleet.remove([0], 'why')
    expect([start.code, create.code]).toEqual(['pending', 'DM_START_ABORTED'])
    launcher.instance(1).becomeReady()
    await system.settle()
    expect(start.code).toBe('DM_START_ABORTED')
    expect(phases(fleet)).toEqual(['1 ready'])
    await ended(parts)
  })

  it('of one in backoff or in a crash loop leaves no respawn behind', async () => {
    const respawn = { ...runOptions('processes').respawn, attemptsMax: 2, delayMs: 100 }
    const parts = await running([0, 1], { run: { respawn } })
    const { fleet, launcher, system } = parts
    launcher.bots.startsWell = false
    launcher.instance(0).exit()
    await system.advance(500)
    launcher.instance(0).exit()
    launcher.instance(1).exit()
    await system.settle()
    expect(phases(fleet)).toEqual(['0 crash-loop', '1 backoff'])
    await fleet.remove([0, 1], 'why')
    expect(system.pendingTimers).toBe(0)
    await system.advance(100_000)
    expect(launcher.running).toEqual([])
    await ended(parts)
  })

  it('of one that is being recreated ends that, and it does not come back', async () => {
    const parts = await running([0])
    const { fleet, launcher, system } = parts
    launcher.bots.stopsWell = false
    const recreated = outcome(fleet.recreate(0))
    const removed = outcome(fleet.remove([0], 'why'))
    await expect(fleet.create(0)).rejects.toMatchObject({ code: 'DM_STATE' })
    await system.advance(2_000)
    expect([recreated.code, removed.code]).toEqual(['DM_START_ABORTED', 'done'])
    expect(launcher.launched).toHaveLength(1)
    await ended(parts)
  })

  it('and stop() wait for the same exits', async () => {
    const parts = await running([0, 1])
    const { fleet, launcher, system } = parts
    launcher.bots.stopsWell = false
    const removed = outcome(fleet.remove([0], 'why'))
    const stopped = outcome(fleet.stop('the end'))
    const late = outcome(fleet.remove([1], 'late'))
    await system.advance(1_900)
    expect([removed.code, stopped.code, late.code]).toEqual(['pending', 'pending', 'pending'])
    await system.advance(200)
    expect([removed.code, stopped.code, late.code]).toEqual(['done', 'done', 'done'])
    await ended(parts)
  })

  it('before start() only shortens the list', async () => {
    const parts = setUp([0, 1])
    await parts.fleet.remove([0], 'why')
    await parts.fleet.start()
    expect(parts.launcher.launched.map(({ spec }) => spec.id)).toEqual([1])
    await ended(parts)
  })
})

describe.each<['remove' | 'stop', (fleet: Fleet) => Promise<void>]>([
  ['remove', (fleet) => fleet.remove([0], 'why')],
  ['stop', (fleet) => fleet.stop('why')],
])('Fleet.%s from inside an exit that is followed by a launch', (_name, end) => {
  it('waits for the exit of that launch too', async () => {
    let over: { code: string } | undefined
    const parts = await running([0], {
      onEvent: (event, fleet) => {
        if (event === 'exited 0') over ??= outcome(end(fleet))
      },
    })
    const { fleet, launcher, system } = parts
    launcher.bots.stopsWell = false
    const killed = outcome(fleet.kill(0))
    const created = outcome(fleet.create(0))
    launcher.instance(0).exit()
    await system.settle()
    expect(launcher.launched).toHaveLength(2)
    expect([killed.code, created.code, over?.code]).toEqual(['done', 'DM_START_ABORTED', 'pending'])
    await system.advance(2_000)
    expect(over?.code).toBe('done')
    expect(launcher.running).toEqual([])
    await ended(parts)
  })
})
