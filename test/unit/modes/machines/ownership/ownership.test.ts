import { describe, expect, it } from 'vitest'
import { limits } from '../../../../../src/limits.js'
import { OwnershipScript } from '../../../../support/ownership-script.js'

const record = (machines: Record<string, string>, lease: object | null = null) => ({
  machines: Object.fromEntries(
    Object.entries(machines).map(([name, shards]) => [name, { shards, lease }]),
  ) as never,
})

describe('a first start', () => {
  it('tells every machine its own as soon as it is there, and nobody else anything', () => {
    const script = new OwnershipScript()
    script.report('a')
    expect(script.told()).toEqual(['a: 0'])
    script.report('b')
    expect(script.told()).toEqual(['b: 1'])
  })

  it('does not say the same twice in one session, and says it again in the next', () => {
    const script = new OwnershipScript().started()
    script.core.reachable('a', false, script.now)
    script.core.reachable('a', true, script.now)
    expect(script.told()).toEqual([])
    script.lose('a')
    script.report('a', [0])
    expect(script.look()).toEqual([{ type: 'assign', machine: 'a', revision: 2, instances: [0] }])
  })

  it('keeps a record before the first word, of all that is planned', () => {
    const script = new OwnershipScript()
    script.report('a')
    const [first, second] = script.core.flush(script.now)
    expect(first).toEqual({ type: 'record', record: record({ a: '0-1', b: '2-3' }) })
    expect(second).toMatchObject({ type: 'assign' })
    script.report('b')
    expect(script.core.flush(script.now)).toMatchObject([{ type: 'assign' }])
  })
})

describe('a parent that returns', () => {
  it('adopts what runs where it runs, and does not move it home', () => {
    const script = new OwnershipScript({ former: record({ a: '', b: '0-3' }) })
    const found = { instance: 0, shards: [0, 1], from: 'a', to: 'b' }
    expect(script.look()).toEqual([{ type: 'moved', moves: [found], reason: 'found' }])
    script.report('b', [0, 1])
    script.report('a')
    expect(script.told()).toEqual(['b: 0,1', 'a: '])
  })

  it('in hold starts nothing that a machine has by the record, before that one was heard', () => {
    const script = new OwnershipScript({ former: record({ b: '0-1' }), machines: { a: 1, b: 0 } })
    script.report('a')
    expect(script.told()).toEqual(['a: '])
    expect(script.core.isWhole('a')).toBe(true)
    script.pass(1e7)
    expect(script.told()).toEqual([])
    script.report('b')
    expect(script.told()).toEqual(['b: 0'])
  })

  it('waits for a machine that is no point any more, until it is said to be off', () => {
    const script = new OwnershipScript({ former: record({ gone: '0-1' }) })
    expect(script.core.strangers).toEqual(['gone'])
    script.report('a')
    script.report('b')
    expect(script.told()).toEqual(['a: ', 'b: 1'])
    expect(script.core.isWhole('a')).toBe(false)
    script.core.emptied('gone')
    expect(script.told()).toEqual(['a: 0'])
  })

  it('under reassign starts nothing new while an unheard machine may run it', () => {
    const lease = { leaseMs: 10_000, stopMs: 11_000 }
    const former = record({ a: '0-1', b: '2-3' }, lease)
    const script = new OwnershipScript({ policy: 'reassign', former })
    script.report('a')
    expect(script.told()).toEqual(['a: '])
    script.pass(script.endMs - 1, { a: 1 })
    expect(script.told()).toEqual([])
    script.pass(500, { a: 1 })
    // The other one has not come back: its shards run here as well.
    expect(script.told()).toEqual(['a: 0,1'])
  })

  it('under reassign lets run what runs, also while others are not heard', () => {
    const lease = { leaseMs: 10_000, stopMs: 11_000 }
    const former = record({ a: '0-1', b: '2-3' }, lease)
    const script = new OwnershipScript({
      policy: 'reassign',
      former,
      machines: { a: 1, b: 1, c: 1 },
    })
    script.report('a', [0], { leaseMs: 10_000 })
    expect(script.told()).toEqual(['a: 0'])
    expect(script.ask('a', 1)).toBe(true)
    script.report('b', [], { leaseMs: null })
    expect(script.told()).toEqual(['b: '])
    script.report('c')
    expect(script.told()).toEqual(['b: 1', 'c: 2'])
  })

  it('under reassign does not take what ran in another shape for what runs', () => {
    const lease = { leaseMs: 10_000, stopMs: 11_000 }
    const former = record({ a: '0-3', b: '' }, lease)
    const script = new OwnershipScript({ policy: 'reassign', former })
    const instances = [{ id: 0, shards: [{ from: 0, to: 3 }] }]
    script.report('a', [], { leaseMs: 10_000, instances })
    expect(script.told()).toEqual(['a: '])
  })

  it('hands on to the next start that it knows nothing of a machine', () => {
    const lease = { leaseMs: 10_000, stopMs: 11_000 }
    const former = record({ a: '0-1', b: '2-3', gone: '' }, lease)
    const script = new OwnershipScript({ policy: 'reassign', former })
    const [kept] = script.core.flush(script.now)
    expect(kept).toMatchObject({ record: { machines: { gone: { shards: '', lease } } } })
  })

  it('waits for the longer lease of its former start', () => {
    const former = record({ a: '0-1', b: '2-3' }, { leaseMs: 60_000, stopMs: 11_000 })
    const script = new OwnershipScript({ policy: 'reassign', former })
    script.report('a')
    script.pass(60_000, { a: 1 })
    expect(script.told()).toEqual(['a: '])
    script.pass(15_000, { a: 1 })
    expect(script.told()).toEqual(['a: 0,1'])
  })

  it('has what runs in another shape stopped before those shards run again anywhere', () => {
    const script = new OwnershipScript({ former: 'unknown' })
    const wide = { instances: [{ id: 0, shards: [{ from: 0, to: 3 }] }] }
    script.report('a', [], wide)
    script.report('b')
    expect(script.told()).toEqual(['a: 0', 'b: '])
    script.core.released('a', 1, script.now)
    expect(script.told()).toEqual(['b: 1'])
  })

  it('takes another number of shards for a shape that may overlap with everything', () => {
    const script = new OwnershipScript({ former: 'unknown' })
    script.report('b', [1], { totalShards: 8 })
    script.report('a')
    expect(script.told()).toEqual(['b: 1', 'a: '])
    script.core.released('b', 1, script.now)
    expect(script.told()).toEqual(['a: 0'])
  })
})

describe('moving an instance', () => {
  it('takes it from the one first, and gives it to the other when it has gone', () => {
    const script = new OwnershipScript().started()
    script.core.move([{ instance: 0, to: 'b' }], 'plan')
    expect(script.look()).toEqual([
      {
        type: 'moved',
        moves: [{ instance: 0, shards: [0, 1], from: 'a', to: 'b' }],
        reason: 'plan',
      },
      { type: 'assign', machine: 'a', revision: 2, instances: [] },
    ])
    script.core.released('a', 1, script.now)
    expect(script.told()).toEqual([])
    script.core.released('a', 2, script.now)
    expect(script.told()).toEqual(['b: 0,1'])
  })

  it('waits in hold for a machine that is lost, and goes on by the word of a person', () => {
    const script = new OwnershipScript().started()
    script.lose('a')
    script.core.move([{ instance: 0, to: 'b' }], 'plan')
    script.pass(1e7)
    expect(script.told()).toEqual([])
    script.core.emptied('a')
    expect(script.told()).toEqual(['b: 0,1'])
  })

  it('is undone where the machine it was moved from returns running it: there it ends first', () => {
    const script = new OwnershipScript().started()
    script.core.move([{ instance: 0, to: 'b' }], 'plan')
    script.lose('a')
    script.look()
    script.report('a', [0])
    expect(script.told()).toEqual(['a: '])
  })

  it('does not forget what it said when the machine reports what came before it', () => {
    const script = new OwnershipScript({ machines: { a: 2, b: 0 } }).started()
    script.core.move([{ instance: 1, to: 'b' }], 'plan')
    script.settle()
    script.settle()
    // A lease has ended there before it could read that it has instance 1.
    script.report('b', [], { revision: 1 })
    script.core.move([{ instance: 1, to: 'a' }], 'plan')
    expect(script.told()).toEqual(['b: '])
  })
})

describe('a machine that is lost under reassign', () => {
  const three = { policy: 'reassign', machines: { a: 1, b: 1, c: 1 } } as const

  it('keeps its shards until what it was granted has surely ended, and not longer', () => {
    const script = new OwnershipScript(three).started()
    script.lose('a')
    script.pass(script.endMs - 1, { b: 1, c: 1 })
    expect(script.look()).toEqual([])
    script.pass(500, { b: 1, c: 1 })
    expect(script.look()).toMatchObject([
      { type: 'moved', moves: [{ instance: 0, from: 'a', to: 'b' }], reason: 'machine-lost' },
      { type: 'assign', machine: 'b', instances: [0, 1] },
    ])
  })

  it('counts from the last grant, with the stop time that it has told', () => {
    const script = new OwnershipScript(three).started()
    script.pass(5_000, { a: 1, b: 1, c: 1 })
    script.ask('a', 1, 60_000)
    script.lose('a')
    script.pass(10_200 + 60_000 + 999, { b: 1, c: 1 })
    expect(script.look()).toEqual([])
    script.pass(500, { b: 1, c: 1 })
    expect(script.told()).toEqual(['b: 0,1'])
  })

  it('is told that it has nothing when it returns, and gets nothing back by itself', () => {
    const script = new OwnershipScript(three).started()
    script.lose('a')
    script.pass(script.endMs + 500, { b: 1, c: 1 })
    script.settle()
    script.report('a')
    expect(script.told()).toEqual(['a: '])
    expect(script.core.where.rebalance((name) => script.core.isUsable(name)).moves).toEqual([
      { instance: 0, from: 'b', to: 'a' },
    ])
  })

  it('is not granted more once it was given away', () => {
    const script = new OwnershipScript(three).started()
    script.core.reachable('a', false, script.now)
    script.pass(script.endMs + 500, { b: 1, c: 1 })
    expect(script.ask('a', 1)).toBe(false)
  })

  it('goes on with its shards when it returns in time', () => {
    const script = new OwnershipScript(three).started()
    script.lose('a')
    script.pass(script.endMs - 100, { b: 1, c: 1 })
    script.report('a', [0], { leaseMs: 10_000 })
    script.pass(script.endMs - 100, { b: 1, c: 1 })
    expect(script.told()).toEqual(['a: 0'])
  })

  it('keeps them while no majority answers, and the parent says so once', () => {
    const script = new OwnershipScript(three).started()
    script.lose('a', 'b')
    script.pass(5 * script.endMs, { c: 1 })
    expect(script.look()).toEqual([
      { type: 'held-back', machine: 'a', why: 'no-majority', instances: [0] },
      { type: 'held-back', machine: 'b', why: 'no-majority', instances: [1] },
    ])
    script.report('b')
    script.look()
    script.pass(limits.redialDelayMsMax - 1, { b: 2, c: 1 })
    expect(script.look()).toMatchObject([{ why: 'round-full' }])
    script.pass(500, { b: 2, c: 1 })
    expect(script.look().map(({ type }) => type)).toContain('moved')
  })

  it('keeps them while there is no room, until there is', () => {
    const script = new OwnershipScript({ ...three, maxShards: 2 }).started()
    script.lose('a')
    script.pass(script.endMs + 500, { b: 1, c: 1 })
    expect(script.look()).toEqual([
      { type: 'held-back', machine: 'a', why: 'no-room', instances: [0] },
    ])
    script.core.join({ name: 'd', weight: 1, maxShards: undefined }, script.now)
    script.report('d')
    script.pass(500, { b: 1, c: 1 })
    expect(script.told()).toEqual(['d: ', 'd: 0'])
  })

  it('is one of few that are given away at one time', () => {
    const names = Array.from({ length: 9 }, (_, index) => `m${index}`)
    const machines = Object.fromEntries(names.map((name) => [name, 1]))
    const script = new OwnershipScript({ policy: 'reassign', machines }).started()
    const rest = Object.fromEntries(names.slice(3).map((name) => [name, 1]))
    script.lose('m0', 'm1', 'm2')
    script.pass(script.endMs + 500, rest)
    const first = script.look()
    expect(first.filter(({ type }) => type === 'moved')).toMatchObject([
      { moves: [{ from: 'm0' }] },
    ])
    expect(first.filter(({ type }) => type === 'held-back')).toMatchObject([
      { machine: 'm1', why: 'round-full' },
      { machine: 'm2', why: 'round-full' },
    ])
    script.pass(limits.reassignRoundMs, rest)
    expect(script.look().filter(({ type }) => type === 'moved')).toMatchObject([
      { moves: [{ from: 'm1' }] },
    ])
  })

  it('is never given away when it never asked by the new terms: its instances have no lease', () => {
    const script = new OwnershipScript({ ...three, former: record({ a: '0-1' }) })
    script.report('b')
    script.report('c')
    script.settle()
    script.pass(5 * script.endMs, { b: 1, c: 1 })
    expect(script.told()).toEqual([])
    script.report('a', [0])
    expect(script.told()).toEqual(['a: 0'])
    script.lose('a')
    script.pass(5 * script.endMs, { b: 1, c: 1 })
    expect(script.told()).toEqual([])
  })

  it('is not given away by the next start either, which is told that there is no lease', () => {
    const script = new OwnershipScript({ ...three, former: record({ a: '0-1' }) })
    script.report('b')
    const [kept] = script.core.flush(script.now)
    if (kept?.type !== 'record') throw new Error('no record was kept')
    expect(kept.record.machines.a).toEqual({ shards: '0-1', lease: null })
    const next = new OwnershipScript({ ...three, former: kept.record })
    next.report('b')
    next.report('c')
    next.settle()
    next.pass(5 * next.endMs, { b: 1, c: 1 })
    expect(next.look()).toEqual([])
  })

  it('is not given away where another parent has it', () => {
    const script = new OwnershipScript(three).started()
    script.core.ceded('a')
    script.lose('a')
    script.pass(5 * script.endMs, { b: 1, c: 1 })
    expect(script.told()).toEqual([])
  })
})

describe('a parent that was suspended', () => {
  const three = { policy: 'reassign', machines: { a: 1, b: 1, c: 1 } } as const

  it('grants nothing and tells nothing new before a majority has answered it again', () => {
    const script = new OwnershipScript(three).started()
    script.now += 60_000
    expect(script.ask('a', 1)).toBe(false)
    expect(script.look().filter(({ type }) => type === 'round')).toHaveLength(3)
    script.core.tick(script.now)
    expect(script.told()).toEqual([])
    script.core.answered('a', 1, script.now)
    expect(script.ask('a', 1)).toBe(false)
    script.core.answered('b', 1, script.now)
    script.lose('c')
    script.pass(500)
    expect(script.told()).toEqual(['a: 0', 'b: 1'])
  })

  it('gives those that have lost their leases meanwhile the time to come back', () => {
    const script = new OwnershipScript(three).started()
    script.now += 60_000
    script.lose('a', 'b', 'c')
    script.report('a')
    script.report('b')
    script.core.answered('a', 1, script.now)
    script.core.answered('b', 1, script.now)
    script.pass(limits.redialDelayMsMax - 500, { a: 2, b: 2 })
    expect(script.told()).toEqual(['a: 0', 'b: 1'])
    script.pass(1_000, { a: 2, b: 2 })
    expect(script.told()).toEqual(['a: 0,2'])
  })

  it('does not take an answer from before for one', () => {
    const script = new OwnershipScript(three).started()
    script.now += 60_000
    script.core.answered('a', 0, script.now)
    script.core.answered('b', 0, script.now)
    expect(script.core.hasMajority).toBe(false)
  })
})

describe('a parent that was followed by a later start', () => {
  it('tells, grants and gives away nothing any more', () => {
    const script = new OwnershipScript({ policy: 'reassign', machines: { a: 1, b: 1, c: 1 } })
    script.started()
    script.core.supersede()
    expect(script.ask('b', 1)).toBe(false)
    script.lose('a')
    script.pass(5 * script.endMs)
    script.core.move([{ instance: 0, to: 'b' }], 'plan')
    expect(script.told()).toEqual([])
  })
})
