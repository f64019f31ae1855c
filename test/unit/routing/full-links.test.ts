import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../../src/routing/outcome.js'
import { Network } from './network.js'

/** Instances 0 and 1 on machine m0, 2 and 3 on m1. */
function star(): Network {
  return new Network({ machines: [{ instances: 2 }, { instances: 2 }] })
}

const echo = ({ id }: Record<string, unknown>) => id
const long = () => 'x'.repeat(5_000)

function summary(outcomes: readonly Outcome[]): string[] {
  return outcomes.map((outcome) => {
    const what = outcome.status === 'ok' ? 'ok' : `${outcome.status} ${outcome.error.code}`
    return `${outcome.instance} ${what}`
  })
}

describe('a link that has no room', () => {
  it('costs calls their outcome on that machine alone, with the reason', async () => {
    const network = star()
    network.room.set('down1', 0)
    for (const asker of [network.parent, network.instance(0)]) {
      const outcomes = await network.settle(asker.calls.evalSettled(echo))
      expect(summary(outcomes)).toEqual([
        '0 ok',
        '1 ok',
        '2 offline DM_LINK_BACKLOG',
        '3 offline DM_LINK_BACKLOG',
      ])
    }
  })

  it('is the reason why a message was not delivered, and to whom', async () => {
    const network = star()
    network.room.set('down1', 0)
    for (const asker of [network.parent, network.instance(0)]) {
      const messageId = asker.calls.send('hello')
      await network.run()
      expect(asker.undelivered).toMatchObject([
        { messageId, instances: [2, 3], reason: { code: 'DM_LINK_BACKLOG' } },
      ])
    }
    expect(network.instance(1).messages).toHaveLength(2)
    expect(network.instance(2).messages).toEqual([])
  })

  it('that is the first on the way is reported as well', async () => {
    const network = star()
    network.room.set('up0', 0)
    const asker = network.instance(0)
    asker.calls.send('hello', { to: [1, 2] })
    const outcomes = await network.settle(asker.calls.evalSettled(echo, { to: [1, 2] }))
    expect(summary(outcomes)).toEqual(['1 ok', '2 offline DM_LINK_BACKLOG'])
    expect(asker.undelivered).toMatchObject([{ instances: [2] }])
  })

  it.each(['up1', 'down0'])('for an answer (%s) says so in its place, at once', async (name) => {
    const network = star()
    network.room.set(name, 1_000)
    const outcomes = await network.settle(network.instance(0).calls.evalSettled(long))
    expect(summary(outcomes)).toEqual([
      '0 ok',
      '1 ok',
      '2 offline DM_LINK_BACKLOG',
      '3 offline DM_LINK_BACKLOG',
    ])
  })

  it('for anything at all leaves an answer to the deadline, and counts it', async () => {
    const network = star()
    network.room.set('up1', 0)
    const asked = network.instance(0).calls.evalSettled(echo, { to: 2, timeoutMs: 500 })
    await network.run()
    await network.advance(500)
    expect(summary(await network.settle(asked))).toEqual(['2 timeout DM_TIMEOUT'])
    expect(network.router(1).drops.unreachable).toBe(1)
  })
})
