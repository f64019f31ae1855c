/** What the child says on its link to the parent, and from whom it takes what. */
import { afterEach, describe, expect, it } from 'vitest'
import { type Link, noHealth } from '../../../../../src/link/link.js'
import {
  ParentSession,
  type SessionHandlers,
} from '../../../../../src/modes/machines/child/parent-session.js'
import type { RunningReport } from '../../../../../src/modes/machines/child/running-report.js'
import {
  type ChildMessage,
  encodeControl,
  LinkMessageKind,
  type ParentMessage,
} from '../../../../../src/modes/machines/control-messages.js'
import { parseChildMessage } from '../../../../../src/modes/machines/control-parser.js'
import { deferred } from '../../../../support/deferred.js'
import { RawParent } from '../../../../support/raw-parent.js'
import { Star } from '../../../../support/star.js'
import { VirtualSystem } from '../../../../support/virtual-system.js'

const report: RunningReport = {
  source: { parent: 'key', epoch: 1, revision: 3 },
  lease: null,
  totalShards: 4,
  instances: [{ id: 0, shards: '0-3' }],
}

/** A session on a link that takes everything, with handlers that only say that they were called. */
function sessionOf(changes: Partial<SessionHandlers> = {}) {
  const said: ChildMessage[] = []
  const done: string[] = []
  const log = (what: string) => () => void done.push(what)
  const link: Link = {
    peer: { key: 'key', epoch: 1, recognisedBy: ['key'], about: null, remote: 'here' },
    isUp: true,
    isOpen: true,
    health: noHealth,
    backlogBytes: 0,
    send(bytes) {
      const message = bytes instanceof Uint8Array ? parseChildMessage(bytes) : undefined
      if (message) said.push(message)
      return true
    },
    ready: () => Promise.resolve(),
    close(code) {
      done.push(`close ${code}`)
      return Promise.resolve()
    },
  }
  const session = new ParentSession(link, new VirtualSystem(), {
    began: (tell) => tell(report),
    apply: () => {
      done.push('apply')
      return Promise.resolve()
    },
    linked: log('linked'),
    unlinked: log('unlinked'),
    granted: log('granted'),
    topology: log('topology'),
    patchTopology: log('patchTopology'),
    control: () => Promise.resolve(done.push('control')).then(() => {}),
    stop: () => Promise.resolve(done.push('stop')).then(() => {}),
    dismissed: log('dismissed'),
    envelope: log('envelope'),
    lost: log('lost'),
    unreachable: log('unreachable'),
    health: log('health'),
    warning: log('warning'),
    ended: log('ended'),
    ...changes,
  })
  return { session, events: session.events, said, done }
}

const source = { parent: 'key', epoch: 1, revision: 1 }
const orders: readonly ParentMessage[] = [
  { op: 'assign', ...source, lease: null, assignment: null },
  { op: 'lease', n: 1 },
  { op: 'round', round: 1 },
  { op: 'topology', topology: null },
  { op: 'topology-patch', patch: null },
  { op: 'instance', call: 1, action: 'kill', instance: 0 },
  { op: 'stop', reason: 'enough' },
]

const assignmentOf = (instances: readonly { id: number; shards: string }[]) => {
  const push = { mode: 'processes' }
  return { machine: 'm0', index: 0, totalShards: 8, callTimeoutMs: 1_000, push, instances }
}
const [zero, one, two] = [
  { id: 0, shards: '0-1' },
  { id: 1, shards: '2-3' },
  { id: 2, shards: '4,6' },
] as const

describe('a session', () => {
  it('begins with what runs, before anything else is said or asked for', () => {
    const { events, said, done } = sessionOf({
      linked: () => done.push(`linked after ${said.length}`),
    })
    events.up({ resumed: false, welcome: undefined })
    expect(said).toEqual([{ op: 'running', ...report }])
    expect(done).toEqual(['linked after 1'])
  })

  it('that is resumed goes on where it was', () => {
    const { events, said } = sessionOf()
    events.up({ resumed: false, welcome: undefined })
    events.up({ resumed: true, welcome: undefined })
    expect(said).toHaveLength(1)
  })

  it('tells how far an assignment is', async () => {
    const started = deferred()
    const { events, said } = sessionOf({
      apply: (_assignment, _source, _lease, { accepted, released }) => {
        accepted({ adopted: false, killTimeoutMs: 5, instances: [] })
        released()
        return started.promise
      },
    })
    events.message(encodeControl({ op: 'assign', ...source, lease: null, assignment: null }))
    expect(said).toMatchObject([{ op: 'accepted' }, { op: 'released', revision: 1 }])
    started.resolve()
    await new Promise(setImmediate)
    expect(said[2]).toEqual({ op: 'started', revision: 1 })
  })

  it('that was replaced closes its link and takes nothing that still comes in', async () => {
    const { session, events, said, done } = sessionOf()
    session.replaced({ key: 'another' })
    for (const order of orders) events.message(encodeControl(order))
    events.message(Uint8Array.of(LinkMessageKind.ENVELOPE, 1, 2, 3))
    await new Promise(setImmediate)
    expect(done).toEqual(['close DM_PARENT_REPLACED'])
    expect(said).toEqual([])
  })

  it('that was replaced by a later start of its parent says so, which that one cannot overhear', () => {
    const { session, done } = sessionOf()
    session.replaced({ key: source.parent })
    expect(done).toEqual(['close DM_EPOCH_OLD'])
  })

  it('that was replaced during the stop that it asked for does not send the manager home', async () => {
    const stopped = deferred()
    const { session, events, said, done } = sessionOf({ stop: () => stopped.promise })
    events.message(encodeControl({ op: 'stop', reason: 'enough' }))
    session.replaced({ key: 'another' })
    stopped.resolve()
    await new Promise(setImmediate)
    expect(said).toEqual([])
    expect(done).not.toContain('dismissed')
  })
})

describe('a child and its parents', () => {
  let star: Star
  let raws: RawParent[] = []
  afterEach(async () => {
    const closed = raws.map((raw) => raw.close())
    raws = []
    await star.end()
    await Promise.all(closed)
    expect(star.system.pendingTimers).toBe(0)
    expect(star.system.keepAlives).toBe(0)
  })

  async function dialled(who: { key?: number; epoch: number }) {
    const parent = new RawParent(star, 0, who)
    raws.push(parent)
    await star.system.advance(100)
    const assign = (revision: number, instances: Parameters<typeof assignmentOf>[0]) => {
      const self = { parent: parent.key, epoch: who.epoch, revision }
      parent.tell({ op: 'assign', ...self, lease: null, assignment: assignmentOf(instances) })
      return star.system.advance(100)
    }
    return { parent, assign }
  }

  async function served() {
    star = new Star()
    return star.serve(0)
  }

  it('begin with nothing, and with what runs when the next one comes', async () => {
    await served()
    const { parent, assign } = await dialled({ epoch: 5 })
    expect(parent.heard).toEqual([
      { op: 'running', source: null, lease: null, totalShards: 0, instances: [] },
    ])
    await assign(1, [zero, two])
    await star.outcome(parent.close(), 100)
    const next = await dialled({ epoch: 6 })
    expect(next.parent.heard).toEqual([
      {
        op: 'running',
        source: { parent: parent.key, epoch: 5, revision: 1 },
        lease: null,
        totalShards: 8,
        instances: [zero, two],
      },
    ])
  })

  it('have handles for what is added before it is spawned, and none for what was removed', async () => {
    const { heard, mode } = await served()
    const { assign } = await dialled({ epoch: 5 })
    await assign(1, [zero, one])
    const before = heard.events.length
    await assign(2, [one, two])
    const told = heard.events.slice(before).map((event) => {
      if (event.type === 'instance') return `${event.event.type} ${event.event.instance}`
      return event.type === 'machine' ? event.phase : event.type
    })
    expect(told).toEqual([
      'exited 0',
      'stopped 0',
      'instances',
      'starting',
      'instances',
      'spawned 2',
      'ready 2',
      'ready',
    ])
    expect(mode.machines()[0]?.instances.map(({ id }) => id)).toEqual([1, 2])
  })

  it('keep calls of the child going while its instances change', async () => {
    const { mode } = await served()
    const { assign } = await dialled({ epoch: 5 })
    await assign(1, [zero])
    const { calls } = mode
    await assign(2, [zero, one])
    expect(mode.calls).toBe(calls)
  })

  it('show a machine of none as ready', async () => {
    const { mode, heard } = await served()
    const { parent, assign } = await dialled({ epoch: 5 })
    await assign(1, [])
    expect(mode.machines()).toMatchObject([{ name: 'm0', phase: 'ready', instances: [] }])
    await assign(2, [zero])
    await assign(3, [])
    expect(mode.machines()).toMatchObject([{ phase: 'ready', instances: [] }])
    expect(mode.totalShards()).toBe(8)
    expect(heard.phases).toEqual(['m0 starting', 'm0 ready', 'm0 starting', 'm0 ready'])
    const last = parent.heard.filter(({ op }) => op !== 'event').slice(-3)
    expect(last).toMatchObject([
      { op: 'accepted', revision: 3, instances: [] },
      { op: 'released', revision: 3 },
      { op: 'started', revision: 3 },
    ])
  })

  it('heal by removing the instance that has failed', async () => {
    const { mode, launcher } = await served()
    launcher.bots.startsWell = false
    const { assign } = await dialled({ epoch: 5 })
    await assign(1, [zero, one])
    launcher.instance(0).becomeReady()
    for (let exits = 0; exits < 2; exits += 1) {
      launcher.instance(1).exit()
      await star.system.advance(500)
    }
    expect(mode.machines()).toMatchObject([{ phase: 'failed' }])
    await assign(2, [zero])
    expect(mode.machines()).toMatchObject([{ phase: 'ready' }])
  })

  it('are told the most that will run, though an assignment of the former waits', async () => {
    const { launcher } = await served()
    const former = await dialled({ epoch: 5 })
    await former.assign(1, [zero])
    launcher.bots.stopsWell = false
    await former.assign(2, [one])
    await star.outcome(former.parent.close(), 100)
    const next = await dialled({ epoch: 6 })
    expect(next.parent.heard).toMatchObject([{ op: 'running', instances: [zero] }])
    await star.system.advance(5_000)
    expect(launcher.launched).toHaveLength(1)
    await next.assign(1, [two])
    expect(launcher.running.map(({ spec }) => spec.id)).toEqual([2])
  })
})
