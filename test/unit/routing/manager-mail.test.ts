/** Messages to the manager of all: from bots and managers of machines, up the links and never down. */
import { describe, expect, it } from 'vitest'
import { encodeBody } from '../../../src/routing/body-codec.js'
import { managerEndpoint, parentEndpoint } from '../../../src/routing/endpoint.js'
import { EnvelopeKind, Status, Verb } from '../../../src/routing/envelope.js'
import { encodeEnvelope } from '../../../src/routing/envelope-codec.js'
import { Network } from './network.js'

function star(): Network {
  return new Network({ machines: [{ instances: 2 }, { instances: 2 }] })
}

describe("the target 'manager'", () => {
  it('takes messages of instances, machines and the parent itself to the parent', async () => {
    const network = star()
    network.instance(0).calls.send({ n: 1n }, { to: 'manager' })
    network.instance(3).requester.send({ kind: 'manager' }, encodeBody('word', ''), Verb.TELL)
    network.managers[1]?.calls.send('from m1', { to: 'manager' })
    network.parent.calls.send('to myself', { to: 'manager' })
    await network.run()
    expect(network.mail).toHaveLength(4)
    expect(network.mail).toEqual(
      expect.arrayContaining([
        { verb: Verb.MESSAGE, source: 0, value: { n: 1n } },
        { verb: Verb.TELL, source: 3, value: 'word' },
        { verb: Verb.MESSAGE, source: managerEndpoint(1), value: 'from m1' },
        { verb: Verb.MESSAGE, source: parentEndpoint, value: 'to myself' },
      ]),
    )
    expect(network.instances.every(({ messages }) => messages.length === 0)).toBe(true)
  })

  it('reports to the sender that the parent is out of reach', async () => {
    const network = star()
    network.lose(1)
    const messageId = network.instance(2).calls.send('anybody?', { to: 'manager' })
    await network.run()
    expect(network.mail).toEqual([])
    expect(network.instance(2).undelivered).toMatchObject([
      { messageId, instances: [], reason: { code: 'DM_OFFLINE' } },
    ])
  })

  it('reports a link that has no room', async () => {
    const network = star()
    network.room.set('up1', 100)
    network.instance(2).calls.send('x'.repeat(200), { to: 'manager' })
    await network.run()
    expect(network.instance(2).undelivered).toMatchObject([{ reason: { code: 'DM_LINK_BACKLOG' } }])
  })

  it('reports what a link had taken and could not deliver', async () => {
    const network = star()
    const envelope = encodeEnvelope(
      {
        kind: EnvelopeKind.SEND,
        verb: Verb.MESSAGE,
        status: Status.NONE,
        requestId: 7,
        source: 2,
        budgetMs: 0,
        questions: 0,
        target: { kind: 'manager' },
      },
      encodeBody('lost', ''),
    )
    network.router(1).notDelivered(envelope)
    await network.run()
    expect(network.instance(2).undelivered).toMatchObject([
      { messageId: 7, instances: [], reason: { code: 'DM_OFFLINE' } },
    ])
  })

  it('is for messages only: nobody there could answer a call', async () => {
    const network = star()
    const to = 'manager' as never
    await expect(network.instance(0).calls.eval('return 1', { to })).rejects.toMatchObject({
      code: 'DM_TARGET_INVALID',
    })
    await expect(network.instance(0).calls.request('x', null, { to })).rejects.toMatchObject({
      code: 'DM_TARGET_INVALID',
    })
  })

  it('never comes down a link', async () => {
    const network = star()
    const header = {
      kind: EnvelopeKind.SEND,
      verb: Verb.MESSAGE,
      status: Status.NONE,
      requestId: 1,
      source: parentEndpoint,
      budgetMs: 0,
      questions: 0,
      target: { kind: 'manager' },
    } as const
    network.router(0).fromLink(encodeEnvelope(header, encodeBody('down', '')), 'parent')
    await network.run()
    expect(network.mail).toEqual([])
    expect(network.router(0).drops.forbidden).toBe(1)
  })
})

describe('words of dialects', () => {
  it('that hold a script are refused where evals are', async () => {
    const network = new Network({
      machines: [{ instances: 1 }, { instances: 1, acceptRemoteEval: false }],
    })
    const body = encodeBody({ dialect: 'discord.js' }, '')
    const ask = (verb: Verb) =>
      network.settle(network.instance(0).requester.call({ kind: 'all' }, verb, body))
    const codes = (outcomes: Awaited<ReturnType<typeof ask>>) =>
      outcomes.map((outcome) => (outcome.status === 'ok' ? 'ok' : outcome.error.code))
    expect(codes(await ask(Verb.EVAL_DIALECT))[1]).toBe('DM_EVAL_REFUSED')
    expect(codes(await ask(Verb.CALL_DIALECT))[1]).not.toBe('DM_EVAL_REFUSED')
  })

  it('that do not arrive are reported under their own verb', async () => {
    const network = star()
    network.exit(3)
    const messageId = network
      .instance(0)
      .requester.send({ kind: 'all' }, encodeBody('word', ''), Verb.TELL)
    await network.run()
    expect(network.instance(0).undelivered).toMatchObject([{ messageId, instances: [3] }])
  })
})
