/** Parent and children together: starts, stops, broken links, and all of them at once. */
import { afterEach, describe, expect, it } from 'vitest'
import type { MachinesError } from '../../../../src/errors.js'
import { limits } from '../../../../src/limits.js'
import { Star } from '../../../support/star.js'

let star: Star
afterEach(async () => {
  await star.end()
  expect(star.system.pendingTimers).toBe(0)
  expect(star.system.keepAlives).toBe(0)
})

async function started(spec = {}) {
  const world = await Star.started(spec)
  star = world.star
  return { ...world, zero: star.child(0), one: star.child(1) }
}

const phasesOf = ({ mode }: { mode: { machines(): readonly { phase: string }[] } }) =>
  mode.machines().map(({ phase }) => phase)

describe('starting', () => {
  it('runs every shard, and both sides say the same of it', async () => {
    const { parent, zero } = await started()
    expect(phasesOf(parent)).toEqual(['ready', 'ready'])
    expect(parent.heard.phases).toEqual(['m0 starting', 'm1 starting', 'm0 ready', 'm1 ready'])
    expect(zero.heard.phases).toEqual(['m0 starting', 'm0 ready'])
    const [own] = zero.mode.machines()
    expect(own).toMatchObject({ name: 'm0', mode: 'processes', phase: 'ready' })
    expect(parent.mode.machines()[0]?.instances).toEqual(own?.instances)
    expect(zero.mode.totalShards()).toBe(8)
  })

  it('tells of every instance event once, on both sides, and none before it is known', async () => {
    const { parent, zero } = await started()
    const expected = ['spawned 0', 'spawned 1', 'ready 0', 'ready 1']
    expect(zero.heard.instances).toEqual(expected)
    expect(parent.heard.instances.filter((event) => /[01]$/.test(event))).toEqual(expected)
    const types = zero.heard.events.map(({ type }) => type)
    expect(types.indexOf('instances')).toBeLessThan(types.indexOf('instance'))
  })

  it('shows a child without an assignment as no machine', async () => {
    star = new Star()
    const child = await star.serve(0)
    expect(child.mode.machines()).toEqual([])
    expect(child.mode.totalShards()).toBe(0)
    await expect(child.mode.kill(0)).rejects.toMatchObject({ code: 'DM_INSTANCE_UNKNOWN' })
  })

  it('fails for the one machine that refuses what is pushed, and names it', async () => {
    star = new Star()
    const stern = await star.serve(0)
    await star.serve(1, { accept: { file: true } })
    const pushed = { file: import.meta.filename }
    const parent = star.parent(2, { pushed })
    const error = (await star.outcome(parent.mode.start(), 100)) as MachinesError
    expect(error).toMatchObject({ code: 'DM_START_FAILED' })
    expect(error.message).toMatch(/^1 of 2 machines failed to start:\n {2}m0: the child refuses/)
    expect(error.failures).toMatchObject([{ code: 'DM_ASSIGNMENT_REFUSED', machine: 'm0' }])
    expect(phasesOf(parent)).toEqual(['failed', 'ready'])
    expect(stern.heard.warnings).toMatchObject([{ code: 'DM_ASSIGNMENT_REFUSED' }])
    expect(stern.launcher.launched).toEqual([])
  })

  it('fails when an instance does not start, and heals when it is created later', async () => {
    star = new Star()
    const child = await star.serve(0)
    child.launcher.bots.startsWell = false
    const parent = star.parent(1)
    const outcome = star.watch(parent.mode.start())
    await star.system.advance(10)
    child.launcher.instance(0).becomeReady()
    for (let exits = 0; exits < 2; exits += 1) {
      child.launcher.instance(1).exit()
      await star.system.advance(1_000)
    }
    expect(outcome.outcome).toMatchObject({
      code: 'DM_START_FAILED',
      failures: [{ failures: [{ code: 'DM_INSTANCE_CRASH_LOOP', instance: 1, machine: 'm0' }] }],
    })
    expect(phasesOf(parent)).toEqual(['failed'])
    expect(phasesOf(child)).toEqual(['failed'])
    expect(parent.mode.machines()[0]?.instances[1]).toMatchObject({
      phase: 'crash-loop',
      pid: undefined,
    })
    child.launcher.bots.startsWell = true
    expect(await star.outcome(parent.mode.create(1), 100)).toBe('resolved')
    expect(phasesOf(parent)).toEqual(['ready'])
    expect(phasesOf(child)).toEqual(['ready'])
  })

  it('gives up on a machine that was lost again before it was ready', async () => {
    star = new Star()
    const child = await star.serve(0)
    child.launcher.bots.startsWell = false
    const parent = star.parent(1, { machines: { dialTimeoutMs: 5_000 } })
    const start = star.watch(parent.mode.start())
    await star.system.advance(10_000)
    parent.wire(0).reachable = false
    parent.wire(0).cut()
    await star.system.advance(5_100)
    expect(start.outcome).toMatchObject({ failures: [{ code: 'DM_DIAL_TIMEOUT', machine: 'm0' }] })
  })

  it('takes no harm from a break that heals in time', async () => {
    star = new Star()
    const child = await star.serve(0)
    child.launcher.bots.startsWell = false
    const parent = star.parent(1)
    const start = star.watch(parent.mode.start())
    await star.system.advance(10)
    parent.wire(0).cut()
    child.launcher.instance(0).becomeReady()
    child.launcher.instance(1).becomeReady()
    await star.system.advance(2_000)
    expect(start.outcome).toBe('resolved')
    expect(parent.heard.phases).toEqual(['m0 starting', 'm0 lost', 'm0 starting', 'm0 ready'])
  })
})

describe('a broken link', () => {
  it('leaves a machine ready that was ready, even while one of its bots restarts', async () => {
    const { parent, zero } = await started()
    zero.launcher.bots.startsWell = false
    zero.launcher.instance(1).exit()
    await star.system.advance(500)
    parent.wire(0).cut()
    await star.system.advance(2_000)
    expect(phasesOf(parent)).toEqual(['ready', 'ready'])
    zero.launcher.instance(1).becomeReady()
    await star.system.advance(10)
    expect(parent.mode.machines()[0]?.instances[1]).toMatchObject({ phase: 'ready', respawns: 1 })
  })

  it('that comes back with a new session restarts nothing', async () => {
    const { parent, zero } = await started()
    parent.wire(0).reachable = false
    parent.wire(0).cut()
    await star.system.advance(limits.sessionResumeWindowMs + 1_000)
    expect(phasesOf(parent)).toEqual(['lost', 'ready'])
    expect(zero.launcher.running).toHaveLength(2)
    parent.wire(0).reachable = true
    await star.system.advance(limits.redialDelayMsMax)
    expect(phasesOf(parent)).toEqual(['ready', 'ready'])
    expect(zero.launcher.launched).toHaveLength(2)
  })

  it('ends calls about instances, at once where there is no session', async () => {
    const { parent, zero } = await started()
    zero.launcher.bots.stopsWell = false
    parent.wire(0).reachable = false
    parent.wire(0).cut()
    await star.system.advance(10)
    const call = star.watch(parent.mode.kill(0))
    await star.system.advance(limits.sessionResumeWindowMs - 1_000)
    expect(call.outcome).toBe('pending')
    await star.system.advance(1_000)
    expect(call.outcome).toMatchObject({ code: 'DM_LINK_LOST' })
    await expect(parent.mode.kill(0)).rejects.toMatchObject({ code: 'DM_OFFLINE', machine: 'm0' })
  })

  it('to a machine that was never reached takes no calls about instances', async () => {
    star = new Star()
    const parent = star.parent(1)
    const start = star.watch(parent.mode.start())
    await expect(parent.mode.create(0)).rejects.toMatchObject({ code: 'DM_OFFLINE' })
    await expect(parent.mode.create(7)).rejects.toMatchObject({ code: 'DM_INSTANCE_UNKNOWN' })
    expect(start.outcome).toBe('pending')
  })
})

describe('a returning parent', () => {
  it('takes over what runs, and is told what is down', async () => {
    const { parent, zero } = await started()
    zero.launcher.bots.startsWell = false
    await star.outcome(parent.mode.kill(1), 10)
    await star.outcome(parent.mode.detach(), 10)
    expect(phasesOf(parent)).toEqual(['detached', 'detached'])
    const next = star.parent(2, { epoch: 2 })
    const error = await star.outcome(next.mode.start(), 1_000)
    expect(error).toMatchObject({
      code: 'DM_START_FAILED',
      failures: [{ machine: 'm0', failures: [{ code: 'DM_OFFLINE', instance: 1 }] }],
    })
    expect(phasesOf(next)).toEqual(['failed', 'ready'])
    expect(zero.launcher.launched).toHaveLength(2)
  })

  it('waits for instances that are on their way', async () => {
    const { parent, zero } = await started()
    await star.outcome(parent.mode.detach(), 10)
    zero.launcher.bots.startsWell = false
    zero.launcher.instance(0).exit()
    await star.system.advance(500)
    const next = star.parent(2, { epoch: 2 })
    const start = star.watch(next.mode.start())
    await star.system.advance(1_000)
    expect(phasesOf(next)).toEqual(['starting', 'ready'])
    expect(start.outcome).toBe('pending')
    zero.launcher.instance(0).becomeReady()
    await star.system.advance(10)
    expect(start.outcome).toBe('resolved')
  })

  it('with another plan gets it after the exits of the old instances', async () => {
    const { parent, zero } = await started()
    await star.outcome(parent.mode.detach(), 10)
    zero.launcher.bots.stopsWell = false
    const next = star.parent(2, { epoch: 2, pushed: { shardsPerInstance: 4 } })
    const start = star.watch(next.mode.start())
    await star.system.advance(1_500)
    expect(zero.launcher.launched).toHaveLength(2)
    await star.system.advance(1_500)
    expect(start.outcome).toBe('resolved')
    expect(zero.launcher.running.map(({ spec }) => spec.shards)).toEqual([[0, 1, 2, 3]])
    const phases = ['m0 starting', 'm0 ready', 'm0 starting', 'm0 ready']
    expect(zero.heard.phases).toEqual(phases)
  })
})

describe('stopping', () => {
  it('ends every instance everywhere, and the machines say so', async () => {
    const { parent, zero, one } = await started()
    expect(await star.outcome(parent.mode.stop('enough'), 100)).toBe('resolved')
    expect(zero.launcher.running).toEqual([])
    expect(one.launcher.running).toEqual([])
    expect(phasesOf(parent)).toEqual(['stopped', 'stopped'])
    const instances = parent.mode.machines().flatMap((machine) => machine.instances)
    expect(instances.map(({ phase, pid }) => [phase, pid])).toEqual(
      Array.from({ length: 4 }, () => ['stopped', undefined]),
    )
    expect(parent.heard.warnings).toEqual([])
    expect(zero.heard.phases.at(-1)).toBe('m0 stopped')
    expect(zero.mode.machines()).toEqual([])
  })

  it('waits for bots as long as it takes to end them', async () => {
    const { parent, zero } = await started()
    zero.launcher.bots.stopsWell = false
    const stop = star.watch(parent.mode.stop('enough'))
    await star.system.advance(1_900)
    expect(zero.launcher.running).toHaveLength(2)
    await star.system.advance(500)
    expect(zero.launcher.running).toEqual([])
    expect(stop.outcome).toBe('resolved')
    expect(parent.heard.warnings).toEqual([])
  })

  it('during start is no failure of any machine', async () => {
    star = new Star()
    const child = await star.serve(0)
    child.launcher.bots.startsWell = false
    const parent = star.parent(2)
    const start = star.watch(parent.mode.start())
    await star.system.advance(100)
    const stop = star.watch(parent.mode.stop('enough'))
    await star.system.advance(1_000)
    expect(stop.outcome).toBe('resolved')
    expect(start.outcome).toMatchObject({ code: 'DM_START_ABORTED' })
    expect(child.launcher.running).toEqual([])
    expect(parent.heard.phases.join()).not.toContain('failed')
    expect(child.heard.phases).toEqual(['m0 starting', 'm0 stopped'])
    expect(parent.heard.warnings).toEqual([])
  })

  it('gives nothing to a machine that comes up meanwhile', async () => {
    star = new Star()
    const slow = await star.serve(0)
    const parent = star.parent(2)
    star.watch(parent.mode.start())
    await star.system.advance(100)
    slow.launcher.bots.stopsWell = false
    const stop = star.watch(parent.mode.stop('enough'))
    const late = await star.serve(1)
    await star.system.advance(10_000)
    expect(stop.outcome).toBe('resolved')
    expect(late.launcher.launched).toEqual([])
  })

  it('reaches a machine whose link is broken for a moment', async () => {
    const { parent, zero } = await started()
    parent.wire(0).cut()
    expect(await star.outcome(parent.mode.stop('enough'), 5_000)).toBe('resolved')
    expect(zero.launcher.running).toEqual([])
    expect(parent.heard.warnings).toEqual([])
  })

  it('is said again in a new session instead of the assignment', async () => {
    const { parent, zero } = await started()
    parent.wire(0).reachable = false
    parent.wire(0).cut()
    const stop = star.watch(parent.mode.stop('enough'))
    // The old child is gone without a word; a new one stands in its place.
    await star.system.advance(100)
    await star.outcome(zero.mode.stop('unheard'), 0)
    const next = await star.serve(0)
    parent.wire(0).reachable = true
    await star.system.advance(10_000)
    expect(stop.outcome).toBe('resolved')
    expect(next.launcher.launched).toEqual([])
    expect(parent.heard.warnings).toEqual([])
  })

  it('does not wait long for a machine that is gone, and says that it may still run', async () => {
    const { parent, zero } = await started()
    parent.wire(0).reachable = false
    parent.wire(0).cut()
    await star.system.advance(10_000)
    const stop = parent.mode.stop('enough')
    expect(await star.outcome(stop, limits.linkOfflineAfterMs + 100)).toBe('resolved')
    expect(parent.heard.warnings).toMatchObject([{ code: 'DM_OFFLINE' }])
    expect(parent.heard.warnings[0]?.message).toContain('from m0:')
    expect(phasesOf(parent)).toEqual(['lost', 'stopped'])
    expect(zero.launcher.running).toHaveLength(2)
  })

  it('of all managers at once confirms every machine', async () => {
    for (const first of ['parent', 'child'] as const) {
      const { parent, zero, one } = await started()
      zero.launcher.bots.stopsWell = false
      const modes = [parent, zero, one].map(({ mode }) => mode)
      if (first === 'child') modes.reverse()
      const stops = modes.map((mode) => star.watch(mode.stop('Ctrl-C')))
      await star.system.advance(5_000)
      expect(stops.map(({ outcome }) => outcome)).toEqual(['resolved', 'resolved', 'resolved'])
      expect(parent.heard.warnings).toEqual([])
      expect([...zero.launcher.running, ...one.launcher.running]).toEqual([])
      if (first === 'parent') await star.end()
    }
  })

  it('of a child during a start does not fail it: the child may come back', async () => {
    star = new Star()
    const child = await star.serve(0)
    child.launcher.bots.startsWell = false
    const parent = star.parent(1)
    const start = star.watch(parent.mode.start())
    await star.system.advance(100)
    expect(await star.outcome(child.mode.stop('Ctrl-C'), 10)).toBe('resolved')
    expect(parent.heard.phases).toEqual(['m0 starting', 'm0 stopped'])
    await star.serve(0)
    await star.system.advance(5_000)
    expect(start.outcome).toBe('resolved')
  })

  it('of a child lets no assignment in that comes meanwhile', async () => {
    star = new Star()
    const child = await star.serve(0)
    const parent = star.parent(1)
    await star.outcome(parent.mode.start(), 100)
    child.launcher.bots.stopsWell = false
    const stop = star.watch(child.mode.stop('Ctrl-C'))
    await star.outcome(parent.mode.detach(), 10)
    const next = star.parent(1, { epoch: 2 })
    star.watch(next.mode.start())
    await star.system.advance(5_000)
    expect(stop.outcome).toBe('resolved')
    expect(child.launcher.running).toEqual([])
    expect(child.launcher.launched).toHaveLength(2)
  })

  it('while a port is being opened closes it', async () => {
    star = new Star()
    const serving = star.serve(0)
    const stop = star.child(0).mode.stop('at once')
    await expect(serving).rejects.toMatchObject({ code: 'DM_START_ABORTED' })
    await stop
    expect(star.child(0).mode.address()).toBeUndefined()
    await star.serve(0)
  })
})

describe('detaching', () => {
  it('during start leaves the machine to start on by itself', async () => {
    star = new Star()
    const child = await star.serve(0)
    child.launcher.bots.startsWell = false
    const parent = star.parent(1)
    const start = star.watch(parent.mode.start())
    await star.system.advance(100)
    expect(await star.outcome(parent.mode.detach(), 100)).toBe('resolved')
    expect(start.outcome).toMatchObject({ code: 'DM_START_ABORTED' })
    child.launcher.instance(0).becomeReady()
    child.launcher.instance(1).becomeReady()
    await star.system.advance(10)
    expect(phasesOf(child)).toEqual(['ready'])
    expect(child.heard.warnings).toEqual([])
  })
})

describe('calls', () => {
  it('go up once for all machines behind the parent, and are refused where eval is', async () => {
    star = new Star()
    const stern = await star.serve(0, { accept: { eval: false } })
    await star.serve(1)
    const parent = star.parent(2)
    await star.outcome(parent.mode.start(), 100)
    const refused = parent.mode.calls.evalSettled(() => 1, { to: { machine: 'm0' } })
    await star.system.advance(100)
    expect(await refused).toMatchObject([
      { status: 'error', error: { code: 'DM_EVAL_REFUSED' } },
      { status: 'error', error: { code: 'DM_EVAL_REFUSED' } },
    ])
    // From its own manager it comes from inside: the bots get it.
    const own = stern.mode.calls.evalSettled(() => 1, { to: { instance: 0 }, timeoutMs: 1_000 })
    await star.system.advance(1_000)
    expect(await own).toMatchObject([{ status: 'timeout' }])
    expect(stern.launcher.instance(0).envelopes).toHaveLength(1)
  })

  it('to a machine out of reach end as offline, and messages as undelivered', async () => {
    const { parent } = await started()
    parent.wire(0).reachable = false
    parent.wire(0).cut()
    await star.system.advance(limits.linkOfflineAfterMs + 100)
    const outcomes = parent.mode.calls.evalSettled(() => 1, { to: 0, timeoutMs: 1_000 })
    const id = parent.mode.calls.send('hello', { to: 1 })
    await star.system.advance(10)
    expect(await outcomes).toMatchObject([{ status: 'offline', machine: 'm0' }])
    const reports = parent.heard.events.filter(({ type }) => type === 'undelivered')
    expect(reports).toMatchObject([{ report: { messageId: id, instances: [1] } }])
  })
})
