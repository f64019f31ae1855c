import { describe, expect, it } from 'vitest'
import type { MachinesError } from '../../../src/errors.js'
import { EnvelopeKind } from '../../../src/routing/envelope.js'
import { decodeHeader } from '../../../src/routing/envelope-codec.js'
import type { Outcome } from '../../../src/routing/outcome.js'
import { Network } from './network.js'

/** Two machines with four instances each; instance i serves shards 2i and 2i+1. */
function star(): Network {
  return new Network({ machines: [{ instances: 4 }, { instances: 4 }] })
}

const whoAmI = '(context) => context.id'
const idOf = ({ id }: Record<string, unknown>) => id

function summary(outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ instance, status }) => `${instance} ${status}`)
}

/** What comes back to instance 0, in order. */
function heardBy(network: Network): EnvelopeKind[] {
  const kinds: EnvelopeKind[] = []
  const { requester } = network.instance(0)
  const receive = requester.receive.bind(requester)
  requester.receive = (envelope) => {
    kinds.push(decodeHeader(envelope).kind)
    return receive(envelope)
  }
  return kinds
}

describe('targets', () => {
  it.each([
    ['all', [0, 1, 2, 3, 4, 5, 6, 7]],
    [5, [5]],
    [
      [6, 1, 6],
      [1, 6],
    ],
    [{ instance: { from: 3, to: 5 } }, [3, 4, 5]],
    [{ shard: [0, 1, 9] }, [0, 4]],
    [{ machine: 'm1' }, [4, 5, 6, 7]],
    [{ machine: ['m1', 'm0'] }, [0, 1, 2, 3, 4, 5, 6, 7]],
    // (id >> 22) % 16 shards = 11, served by instance 5.
    [{ guild: String((27n << 22n) + 12_345n) }, [5]],
  ] as const)('%j asks each instance it means, once', async (to, ids) => {
    const network = star()
    for (const asker of [network.instance(2), network.parent]) {
      expect(await network.settle(asker.calls.eval(idOf, { to }))).toEqual(ids)
    }
  })

  it('names machine and shards of every outcome', async () => {
    const network = star()
    const outcomes = await network.settle(network.instance(0).calls.evalSettled(idOf, { to: [7] }))
    expect(outcomes).toEqual([
      { instance: 7, machine: 'm1', shards: [14, 15], status: 'ok', value: 7 },
    ])
  })

  it.each([
    [8, 'instance 8'],
    [{ shard: 16 }, 'shard 16'],
    [{ machine: 'nowhere' }, 'machine "nowhere"'],
  ])('%j is refused by name, for calls and messages', async (to, name) => {
    const network = star()
    const asker = network.instance(1)
    const call = network.settle(asker.calls.eval(whoAmI, { to }))
    await expect(call).rejects.toMatchObject({
      code: 'DM_TARGET_UNKNOWN',
      message: expect.stringContaining(name),
    })
    const messageId = asker.calls.send('hello', { to })
    await network.run()
    expect(asker.undelivered).toMatchObject([
      { messageId, instances: [], reason: { code: 'DM_TARGET_UNKNOWN' } },
    ])
  })

  it('sends one copy per next hop, however many instances are behind it', async () => {
    const network = new Network({
      machines: [{ instances: 1 }, { instances: 3 }, { instances: 3 }],
    })
    network.instance(0).calls.send('once')
    await network.run()
    expect(network.crossed).toEqual(
      new Map([
        ['up0', 1],
        ['down1', 1],
        ['down2', 1],
      ]),
    )
    expect(network.instances.every(({ messages }) => messages.length === 1)).toBe(true)
  })

  it('reaches 128 instances', async () => {
    const network = new Network({ machines: [{ instances: 64 }, { instances: 64 }] })
    const values = await network.settle(network.instance(127).calls.eval(idOf))
    expect(values).toEqual(Array.from({ length: 128 }, (_, id) => id))
    expect(network.instance(127).requester.pending).toBe(0)
  })
})

describe('messages', () => {
  it('arrive once, with the true instance and machine of their source', async () => {
    const network = star()
    network.instance(0).calls.send({ hello: 1n }, { to: [1, 6] })
    network.parent.calls.send('from above', { to: 6 })
    await network.run()
    const fromZero = { message: { hello: 1n }, from: { instance: 0, machine: 'm0' } }
    expect(network.instance(1).messages).toEqual([fromZero])
    expect(network.instance(6).messages).toContainEqual(fromZero)
    expect(network.instance(6).messages).toContainEqual({
      message: 'from above',
      from: { instance: undefined, machine: undefined },
    })
    expect(network.instance(6).messages).toHaveLength(2)
  })

  it('are reported to their sender by every hop that cannot deliver them', async () => {
    const network = new Network({
      machines: [{ instances: 2 }, { instances: 2 }, { instances: 1 }],
    })
    network.exit(1)
    network.exit(2)
    network.cut.add(2)
    const messageId = network.instance(0).calls.send('hello')
    await network.run()
    const reports = network.instance(0).undelivered
    expect(reports.flatMap(({ instances }) => instances).toSorted((a, b) => a - b)).toEqual([
      1, 2, 4,
    ])
    expect(reports.map((report) => [report.messageId, report.reason.code])).toEqual(
      reports.map(() => [messageId, 'DM_OFFLINE']),
    )
    expect(network.instance(3).messages).toHaveLength(1)
  })
})

describe('what single instances cost', () => {
  it('one that is silent costs its own outcome, at the deadline', async () => {
    const network = star()
    network.instance(6).silent = true
    const asker = network.instance(0)
    const call = asker.calls.evalSettled(idOf, { timeoutMs: 300 })
    await network.run()
    await network.advance(299)
    expect(asker.requester.pending).toBe(1)
    await network.advance(60)
    const outcomes = await network.settle(call)
    expect(outcomes.filter(({ status }) => status !== 'ok')).toMatchObject([
      {
        instance: 6,
        machine: 'm1',
        shards: [12, 13],
        status: 'timeout',
        error: { code: 'DM_TIMEOUT' },
      },
    ])
    expect(outcomes).toHaveLength(8)
  })

  it('one that answers late is counted, not delivered', async () => {
    const network = star()
    const answers: ((value: unknown) => void)[] = []
    const answered = new Promise((resolve) => answers.push(resolve))
    network.instance(1).handlers.add('slow', () => answered)
    network.instance(5).handlers.add('slow', () => answered)
    const call = network.instance(0).calls.requestSettled('slow', 1, { to: [1, 5], timeoutMs: 200 })
    await network.run()
    await network.advance(260)
    expect(summary(await network.settle(call))).toEqual(['1 timeout', '5 timeout'])
    for (const answer of answers) answer('too late')
    await network.run()
    expect(network.router(0).drops.late).toBe(1)
    expect(network.router(1).drops.late).toBe(1)
  })

  it('one that exits is offline at once, wherever the asker is', async () => {
    const network = star()
    network.instance(5).silent = true
    const calls = [network.instance(4), network.instance(0), network.parent].map((asker) =>
      asker.calls.evalSettled(idOf, { to: [5, 6] }),
    )
    await network.run()
    network.exit(5)
    for (const call of calls) {
      expect(summary(await network.settle(call))).toEqual(['5 offline', '6 ok'])
    }
  })

  it('one that is down is offline at once', async () => {
    const network = star()
    network.exit(5)
    const outcomes = await network.settle(network.parent.calls.evalSettled(idOf, { to: [4, 5] }))
    expect(summary(outcomes)).toEqual(['4 ok', '5 offline'])
    expect(outcomes[1]).toMatchObject({ machine: 'm1', error: { code: 'DM_OFFLINE', instance: 5 } })
  })

  it('a machine that is lost is offline at once, for open calls and for new ones', async () => {
    const network = star()
    for (const id of [0, 4]) network.instance(id).silent = true
    const calls = [network.parent, network.instance(1)].map((asker) =>
      asker.calls.evalSettled(idOf, { to: [1, 4] }),
    )
    const outward = network.instance(5).calls.evalSettled(idOf, { to: [0, 5] })
    await network.run()
    network.lose(1)
    for (const call of calls) {
      expect(summary(await network.settle(call))).toEqual(['1 ok', '4 offline'])
    }
    expect(summary(await network.settle(outward))).toEqual(['0 offline', '5 ok'])
    const later = await network.settle(network.instance(1).calls.evalSettled(idOf, { to: [1, 4] }))
    expect(summary(later)).toEqual(['1 ok', '4 offline'])
  })

  it('a machine that others take for lost still reaches its own instances', async () => {
    const network = star()
    network.instance(1).silent = true
    const open = network.instance(0).calls.evalSettled(idOf, { to: [1] })
    await network.run()
    network.router(0).setTopology(network.topology.withDown([0]))
    expect(await network.settle(network.instance(0).calls.eval(idOf, { to: [2] }))).toEqual([2])
    expect(network.instance(0).requester.pending).toBe(1)
    network.exit(1)
    expect(summary(await network.settle(open))).toEqual(['1 offline'])
  })

  it('an envelope that a link gave up on counts as never sent', async () => {
    const network = star()
    const lost: Uint8Array[] = []
    const router = network.parentRouter
    const fromLink = router.fromLink.bind(router)
    router.fromLink = (envelope) => lost.push(envelope)
    const call = network.instance(0).calls.evalSettled(idOf, { to: [0, 4] })
    network.instance(0).calls.send('hello', { to: 4 })
    await network.run()
    expect(lost).toHaveLength(2)
    router.fromLink = fromLink
    for (const envelope of lost) network.router(0).notDelivered(envelope)
    expect(summary(await network.settle(call))).toEqual(['0 ok', '4 offline'])
    expect(network.instance(0).undelivered).toMatchObject([{ instances: [4] }])
  })
})

describe('whom a call waits for', () => {
  it('is said once, right before the first answer', async () => {
    const network = star()
    const kinds = heardBy(network)
    await network.settle(network.instance(0).calls.eval(idOf, { to: [1, 5] }))
    const { EXPECT, RESPONSE } = EnvelopeKind
    expect(kinds).toEqual([EXPECT, RESPONSE, RESPONSE])
  })

  it('is said by the next tick where nobody answers', async () => {
    const network = star()
    const kinds = heardBy(network)
    network.instance(5).silent = true
    const call = network.instance(0).calls.evalSettled(idOf, { to: 5, timeoutMs: 100 })
    await network.run()
    expect(kinds).toEqual([])
    await network.advance(50)
    expect(kinds).toEqual([EnvelopeKind.EXPECT])
    await network.advance(100)
    expect(summary(await network.settle(call))).toEqual(['5 timeout'])
    expect(kinds).toEqual([EnvelopeKind.EXPECT, EnvelopeKind.RESPONSE])
  })

  it('is said before an answer that the router makes itself', async () => {
    const network = star()
    network.instance(5).silent = true
    const call = network.instance(0).calls.evalSettled(idOf, { to: 5 })
    await network.run()
    network.exit(5)
    expect(await network.settle(call)).toMatchObject([{ instance: 5, shards: [10, 11] }])
  })

  it('changes with the plan, whatever was said before', async () => {
    const network = star()
    const before = await network.settle(network.instance(0).calls.evalSettled(idOf, { to: 5 }))
    expect(before).toMatchObject([{ machine: 'm1' }])
    network.patch({ moved: [[5, 0]] })
    network.tell(0, 1)
    await network.run()
    network.exit(5)
    network.revive(5, 0)
    const after = await network.settle(network.instance(0).calls.evalSettled(idOf, { to: 5 }))
    expect(after).toMatchObject([{ machine: 'm0', status: 'ok', shards: [10, 11] }])
  })
})

describe('deadlines', () => {
  it('travel to whoever answers', async () => {
    const network = star()
    const seen: number[] = []
    for (const id of [1, 6]) {
      network.instance(id).handlers.add('peek', (_, __, call) => seen.push(call.timeoutMs))
    }
    await network.settle(
      network.instance(0).calls.request('peek', null, { to: [1, 6], timeoutMs: 123 }),
    )
    expect(seen).toEqual([123, 123])
  })

  it('leave nothing behind in any router', async () => {
    const network = star()
    for (const instance of network.instances)
      instance.silent = instance.alive && instance !== network.instance(0)
    const call = network.instance(0).calls.evalSettled(idOf, { timeoutMs: 100 })
    await network.run()
    await network.advance(200)
    expect((await network.settle(call)).filter(({ status }) => status === 'timeout')).toHaveLength(
      7,
    )
    for (const router of network.routers) expect(router.tick(network.now())).toBe(false)
  })

  it('end a call without its router, a little later', async () => {
    const network = star()
    const asker = network.instance(0)
    asker.silent = true
    const call = asker.calls.eval(idOf, { timeoutMs: 100 })
    call.catch(() => {})
    await network.run()
    asker.requester.tick(network.now() + 1_000)
    expect(asker.requester.pending).toBe(1)
    asker.requester.tick(network.now() + 1_200)
    await expect(call).rejects.toMatchObject({ code: 'DM_TIMEOUT' })
  })
})

describe('stop', () => {
  it('ends every pending call and refuses new ones', async () => {
    const network = star()
    for (const instance of network.instances) instance.silent = true
    const calls = Array.from({ length: 20 }, () => network.parent.calls.evalSettled(idOf))
    const ends = Promise.allSettled(calls)
    await network.run()
    expect(network.parent.requester.pending).toBe(20)
    network.parent.requester.stop()
    for (const end of await ends) {
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'DM_STOPPED' } })
    }
    await expect(network.parent.calls.eval(idOf)).rejects.toMatchObject({ code: 'DM_STOPPED' })
    expect(() => network.parent.calls.send('x')).toThrow(/stopping/)
  })
})

describe('plans', () => {
  it('a router without one says so', async () => {
    const network = star()
    const { Router } = await import('../../../src/routing/router.js')
    const { Requester } = await import('../../../src/routing/requester.js')
    const errors: MachinesError[] = []
    const hops = { local: () => undefined, machine: () => undefined, manager: () => undefined }
    const requester: InstanceType<typeof Requester> = new Requester({
      self: 9,
      send: (bytes) => {
        router.fromSelf(bytes)
        return true
      },
      clock: network,
      firstId: 1,
      timeoutMs: 100,
      onUndelivered: ({ reason }) => errors.push(reason),
    })
    const router = new Router({
      self: 9,
      machine: undefined,
      hops,
      deliver: (bytes) => requester.receive(bytes),
      clock: network,
    })
    const call = requester.call({ kind: 'all' }, 2, Uint8Array.of(0))
    await expect(call).rejects.toMatchObject({ code: 'DM_OFFLINE' })
    requester.send({ kind: 'all' }, Uint8Array.of(0))
    await network.run()
    expect(errors).toMatchObject([{ code: 'DM_OFFLINE' }])
  })
})
