import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBody } from '../../../src/routing/body-codec.js'
import type { Endpoint } from '../../../src/routing/endpoint.js'
import { managerEndpoint, parentEndpoint } from '../../../src/routing/endpoint.js'
import type { EnvelopeHeader } from '../../../src/routing/envelope.js'
import { EnvelopeKind, Status, Verb } from '../../../src/routing/envelope.js'
import { encodeEnvelope } from '../../../src/routing/envelope-codec.js'
import { Network } from './network.js'

function star(acceptRemoteEval = true): Network {
  return new Network({ machines: [{ instances: 2 }, { instances: 2, acceptRemoteEval }] })
}

function forge(source: Endpoint, changes: Partial<EnvelopeHeader> = {}): Uint8Array {
  const header: EnvelopeHeader = {
    kind: EnvelopeKind.SEND,
    verb: Verb.MESSAGE,
    status: Status.NONE,
    requestId: 1,
    source,
    budgetMs: 1_000,
    questions: 0,
    target: { kind: 'instances', ranges: [{ from: 0, to: 3 }] },
    ...changes,
  }
  return encodeEnvelope(header, encodeBody('forged', 'body'))
}

const answer = {
  kind: EnvelopeKind.RESPONSE,
  verb: Verb.EVAL,
  status: Status.OK,
  questions: 1,
  target: { kind: 'endpoint', endpoint: 0 },
} as const

describe('sources', () => {
  it('an instance cannot speak for another', async () => {
    const network = star()
    for (const source of [0, 3, managerEndpoint(0), parentEndpoint]) {
      network.instance(1).sendRaw(forge(source))
    }
    await network.run()
    for (const { messages } of network.instances) {
      expect(messages).toHaveLength(4)
      for (const { from } of messages) expect(from).toEqual({ instance: 1, machine: 'm0' })
    }
  })

  it.each([
    ['an instance of another machine', 2],
    ['another manager', managerEndpoint(1)],
    ['the parent', parentEndpoint],
    ['an instance that does not exist', 99],
  ])('a machine cannot speak for %s', async (_, source) => {
    const network = star()
    network.parentRouter.fromLink(forge(source), 0)
    await network.run()
    expect(network.parentRouter.drops.spoofed).toBe(1)
    expect(network.instances.every(({ messages }) => messages.length === 0)).toBe(true)
  })

  it('the parent cannot speak for a machine to itself', async () => {
    const network = star()
    for (const source of [0, managerEndpoint(0)])
      network.router(0).fromLink(forge(source), 'parent')
    await network.run()
    expect(network.router(0).drops.spoofed).toBe(2)
  })
})

describe('answers', () => {
  it('to calls that an instance was not asked are dropped', async () => {
    const network = star()
    network.instance(3).silent = true
    const call = network.instance(0).calls.evalSettled('return 1', { to: 3 })
    await network.run()
    for (const requestId of [1, 0xffff_fffe]) {
      network.instance(1).sendRaw(forge(3, { ...answer, requestId }))
      network.parentRouter.fromLink(forge(2, { ...answer, requestId }), 1)
    }
    await network.run()
    // Instance 1 was handed nothing; instance 2 belongs to the link, but is not who was asked.
    expect(network.router(0).drops.late).toBe(4)
    expect(network.instance(0).requester.pending).toBe(1)
    await network.advance(1_100)
    expect(await network.settle(call)).toMatchObject([{ instance: 3, status: 'timeout' }])
  })

  it('count once', async () => {
    const network = star()
    let twice: Uint8Array | undefined
    const { parentRouter } = network
    const fromLink = parentRouter.fromLink.bind(parentRouter)
    parentRouter.fromLink = (envelope, link) => {
      if (link === 1) twice = envelope
      fromLink(envelope, link)
    }
    expect(await network.settle(network.instance(0).calls.eval('return 1', { to: 3 }))).toEqual([1])
    if (twice === undefined) throw new Error('no answer came by')
    fromLink(twice, 1)
    await network.run()
    expect(network.router(0).drops.late).toBe(1)
  })

  it.each([EnvelopeKind.EXPECT, EnvelopeKind.FAULT])(
    'kind %i comes from routers only',
    async (kind) => {
      const network = star()
      const forged = forge(1, { ...answer, kind, status: Status.NONE, questions: 0 })
      network.router(0).fromLocal(1, forged)
      network.parentRouter.fromLink(forged, 0)
      network.parentRouter.fromSelf(forged)
      expect(network.router(0).drops.forbidden).toBe(1)
      expect(network.parentRouter.drops.forbidden).toBe(2)
    },
  )
})

describe('eval from outside', () => {
  it('is refused where the machine says so, by its own instances it is not', async () => {
    const network = star(false)
    for (const asker of [network.instance(0), network.parent]) {
      const outcomes = await network.settle(asker.calls.evalSettled('return context.id'))
      expect(outcomes.slice(-2)).toMatchObject([
        { instance: 2, machine: 'm1', status: 'error', error: { code: 'DM_EVAL_REFUSED' } },
        { instance: 3, machine: 'm1', status: 'error', error: { code: 'DM_EVAL_REFUSED' } },
      ])
      expect(outcomes.slice(0, 2)).toMatchObject([{ value: 0 }, { value: 1 }])
    }
    const inside = network.instance(2).calls.eval('return context.id', { to: [2, 3] })
    expect(await network.settle(inside)).toEqual([2, 3])
  })

  it('named requests still pass', async () => {
    const network = star(false)
    network.instance(2).handlers.add('ping', () => 'pong')
    const call = network.instance(0).calls.request('ping', null, { to: 2 })
    expect(await network.settle(call)).toEqual(['pong'])
  })
})

describe('between routers', () => {
  it.each<[string, Partial<EnvelopeHeader>]>([
    ['everybody', { target: { kind: 'all' } }],
    ['a shard', { target: { kind: 'shards', ranges: [{ from: 0, to: 0 }] } }],
    [
      'instances of no plan',
      { target: { kind: 'instances', ranges: [{ from: 0, to: 0xffff_ffff }] } },
    ],
  ])('a target is never %s', (_, changes) => {
    const network = star()
    network.parentRouter.fromLink(forge(1, changes), 0)
    expect(network.parentRouter.drops.unknownTarget).toBe(1)
  })

  it('an envelope never goes back to where it came from', async () => {
    const network = star()
    network.router(1).fromLink(forge(0), 'parent')
    await network.run()
    expect(network.crossed.get('up1')).toBe(1) // the report of who did not get it
    expect(network.instance(0).undelivered).toMatchObject([{ instances: [0, 1] }])
    expect(network.instance(3).messages).toHaveLength(1)
  })

  it('a call under a number that is in use is dropped', async () => {
    const network = star()
    network.instance(3).silent = true
    const raw = forge(0, { kind: EnvelopeKind.REQUEST, verb: Verb.CALL, questions: 1 })
    network.instance(0).sendRaw(raw)
    network.instance(0).sendRaw(raw)
    await network.run()
    expect(network.router(0).drops.duplicate).toBe(1)
  })

  it('no bytes make a router throw', async () => {
    const network = star()
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.tuple(fc.nat(30), fc.nat(255)).map(([at, byte]) => {
        const bytes = forge(1, { kind: EnvelopeKind.REQUEST, verb: Verb.EVAL, questions: 1 })
        bytes[at] = byte
        return bytes
      }),
    )
    fc.assert(
      fc.property(noise, (bytes) => {
        network.router(0).fromLocal(1, bytes)
        network.router(0).fromLink(bytes, 'parent')
        network.parentRouter.fromLink(bytes, 0)
        network.parentRouter.fromSelf(bytes)
        network.parentRouter.notDelivered(bytes)
      }),
      { numRuns: 500 },
    )
    await network.run()
    expect(network.router(0).drops.invalid).toBeGreaterThan(0)
  })
})
