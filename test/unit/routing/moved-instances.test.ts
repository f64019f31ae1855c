import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBody } from '../../../src/routing/body-codec.js'
import { EnvelopeKind, Status, Verb } from '../../../src/routing/envelope.js'
import { encodeEnvelope } from '../../../src/routing/envelope-codec.js'
import type { Outcome } from '../../../src/routing/outcome.js'
import { Network } from './network.js'

/** Three machines with two instances each: 0 and 1, 2 and 3, 4 and 5. */
function star(gathers = false): Network {
  const machines = [{ instances: 2 }, { instances: 2 }, { instances: 2 }]
  return new Network({ machines, gathers })
}

const idOf = ({ id }: Record<string, unknown>) => id

function summary(outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ instance, status }) => `${instance} ${status}`)
}

/** Instance 2 exits on machine 1 and starts on machine 2; nobody has been told so far. */
function relocate(network: Network): void {
  network.exit(2)
  network.revive(2, 2)
}

/** Instance 2 belongs to machine 2, and still runs on machine 1. */
async function aboutToLeave(): Promise<Network> {
  const network = star()
  network.patch({ moved: [[2, 2]] })
  network.tell(0, 1, 2)
  await network.run()
  return network
}

describe('an instance that was moved', () => {
  it('is found on its new machine by everybody', async () => {
    const network = star()
    relocate(network)
    network.patch({ moved: [[2, 2]] })
    network.tell(0, 1, 2)
    await network.run()
    for (const asker of [network.parent, network.instance(0), network.instance(3)]) {
      const outcomes = await network.settle(asker.calls.evalSettled(idOf, { to: { shard: 4 } }))
      expect(outcomes).toMatchObject([{ instance: 2, machine: 'm2', status: 'ok', value: 2 }])
    }
    expect(await network.settle(network.instance(2).calls.eval(idOf))).toEqual([0, 1, 2, 3, 4, 5])
    network.instance(2).calls.send('hello', { to: [0, 3] })
    await network.run()
    const from = { instance: 2, machine: 'm2' }
    for (const id of [0, 3]) {
      expect(network.instance(id).messages).toEqual([{ message: 'hello', from }])
    }
  })

  it('is found through the parent by machines that were not told yet', async () => {
    const network = star()
    relocate(network)
    network.patch({ moved: [[2, 2]] })
    network.tell(2)
    await network.run()
    expect(await network.settle(network.instance(0).calls.eval(idOf, { to: 2 }))).toEqual([2])
  })

  it('is offline at once for its new machine until that is told', async () => {
    const network = star()
    relocate(network)
    network.patch({ moved: [[2, 2]] })
    const call = network.instance(4).calls.evalSettled(idOf, { to: 2 })
    expect(summary(await network.settle(call))).toEqual(['2 offline'])
    network.instance(4).calls.send('hello', { to: 2 })
    await network.run()
    expect(network.instance(4).undelivered).toMatchObject([{ instances: [2] }])
    network.tell(2)
    await network.run()
    expect(await network.settle(network.instance(4).calls.eval(idOf, { to: 2 }))).toEqual([2])
  })

  it('is offline at once until it runs on its new machine', async () => {
    const network = star()
    network.exit(2)
    network.patch({ moved: [[2, 2]] })
    network.tell(0, 1, 2)
    await network.run()
    for (const asker of [network.parent, network.instance(0), network.instance(4)]) {
      const outcomes = await network.settle(asker.calls.evalSettled(idOf, { to: 2 }))
      expect(outcomes).toMatchObject([
        { instance: 2, machine: 'm2', status: 'offline', error: { code: 'DM_OFFLINE' } },
      ])
    }
  })
})

describe('what is under way to an instance that is moved', () => {
  it('ends as offline when it was asked and has not answered', async () => {
    const network = star()
    network.instance(2).silent = true
    const askers = [network.parent, network.instance(0), network.instance(4)]
    const calls = askers.map((asker) => asker.calls.evalSettled(idOf, { to: [2, 3] }))
    await network.run()
    network.patch({ moved: [[2, 2]] })
    network.tell(0, 1, 2)
    for (const call of calls) {
      const outcomes = await network.settle(call)
      expect(summary(outcomes)).toEqual(['2 offline', '3 ok'])
      expect(outcomes[0]).toMatchObject({
        error: { code: 'DM_OFFLINE', message: expect.stringContaining('was moved') },
      })
    }
    for (const router of [network.parentRouter, network.router(0), network.router(2)]) {
      expect(router.tick(network.now())).toBe(false)
    }
  })

  it('is still answered to its neighbours, or ends with its exit', async () => {
    const network = star()
    const answers: ((value: unknown) => void)[] = []
    const answered = new Promise((resolve) => answers.push(resolve))
    network.instance(2).handlers.add('never', () => new Promise(() => {}))
    network.instance(3).handlers.add('slow', () => answered)
    const exits = network.instance(3).calls.requestSettled('never', 1, { to: 2 })
    const answer = network.instance(2).calls.request('slow', 1, { to: 3 })
    await network.run()
    network.patch({
      moved: [
        [2, 2],
        [3, 0],
      ],
    })
    network.tell(0, 1, 2)
    await network.run()
    expect(network.instance(3).requester.pending).toBe(1)
    for (const resolve of answers) resolve('late, but here')
    expect(await network.settle(answer)).toEqual(['late, but here'])
    network.exit(2)
    expect(summary(await network.settle(exits))).toEqual(['2 offline'])
  })

  it('ends as offline when it arrives where the instance was', async () => {
    const network = star()
    const call = network.instance(0).calls.evalSettled(idOf, { to: [2, 3] })
    network.instance(0).calls.send('hello', { to: [2, 3] })
    // Both are on their way down to machine 1 when the instance leaves it.
    await network.step(2)
    await network.step(3)
    relocate(network)
    network.patch({ moved: [[2, 2]] })
    network.tell(0, 1, 2)
    expect(summary(await network.settle(call))).toEqual(['2 offline', '3 ok'])
    expect(network.instance(0).undelivered).toMatchObject([
      { instances: [2], reason: { code: 'DM_OFFLINE' } },
    ])
    expect(network.instance(2).messages).toEqual([])
    expect(network.instance(3).messages).toHaveLength(1)
  })

  it('leaves calls to others alone', async () => {
    const network = star()
    network.instance(5).silent = true
    const call = network.instance(0).calls.evalSettled(idOf, { to: 5 })
    await network.run()
    network.patch({ moved: [[2, 2]], added: [{ index: 3, name: 'm3' }], down: [3] })
    network.tell(0, 1, 2)
    await network.run()
    expect(network.instance(0).requester.pending).toBe(1)
    await network.advance(1_100)
    expect(summary(await network.settle(call))).toEqual(['5 timeout'])
  })
})

describe('an instance that still runs where the plan has it no more', () => {
  it('reaches its neighbours; whoever is elsewhere is offline for it at once', async () => {
    const network = await aboutToLeave()
    const call = network.instance(2).calls.evalSettled(idOf, { to: [0, 3, 4] })
    expect(summary(await network.settle(call))).toEqual(['0 offline', '3 ok', '4 offline'])
    expect(network.parentRouter.drops.spoofed).toBe(1)
  })

  it('hears which of its messages did not arrive', async () => {
    const network = await aboutToLeave()
    const messageId = network.instance(2).calls.send('farewell', { to: [0, 3, 4] })
    const toManager = network.instance(2).calls.send('farewell', { to: 'manager' })
    await network.run()
    expect(network.instance(3).messages).toHaveLength(1)
    const reason = { code: 'DM_OFFLINE', message: expect.stringContaining('another machine') }
    expect(network.instance(2).undelivered).toMatchObject([
      { messageId, instances: [0, 4], reason },
      { messageId: toManager, instances: [], reason },
    ])
    expect(network.mail).toEqual([])
  })

  it('loses the answers to what it asked before, and hears so at once', async () => {
    const network = star()
    network.instance(4).silent = true
    const call = network.instance(2).calls.evalSettled(idOf, { to: [3, 4] })
    await network.run()
    network.patch({ moved: [[2, 2]] })
    network.tell(0, 1, 2)
    const outcomes = await network.settle(call)
    expect(summary(outcomes)).toEqual(['3 ok', '4 offline'])
    expect(outcomes[1]).toMatchObject({
      error: { message: 'instance 4 on m2 lost its asker, which was moved, before it answered' },
    })
  })
})

describe('a machine that speaks for an instance of another one', () => {
  it.each([EnvelopeKind.SEND, EnvelopeKind.REQUEST])(
    'is told so over its own link, kind %i, and nobody else hears of it',
    async (kind) => {
      const network = star()
      const header = {
        kind,
        verb: kind === EnvelopeKind.SEND ? Verb.MESSAGE : Verb.CALL,
        status: Status.NONE,
        requestId: 7,
        source: 0,
        budgetMs: 1_000,
        questions: kind === EnvelopeKind.SEND ? 0 : 1,
        target: { kind: 'instances', ranges: [{ from: 4, to: 4 }] },
      } as const
      network.parentRouter.fromLink(encodeEnvelope(header, encodeBody('forged', 'body')), 1)
      await network.run()
      expect(network.parentRouter.drops.spoofed).toBe(1)
      expect(network.crossed).toEqual(new Map([['down1', 1]]))
      expect(network.router(1).drops.unreachable).toBe(1)
      for (const { messages, undelivered } of network.instances) {
        expect([messages, undelivered]).toEqual([[], []])
      }
    },
  )
})

type Command =
  | {
      readonly do: 'call'
      readonly asker: number
      readonly to: readonly number[]
      readonly questions: number
    }
  | { readonly do: 'plan'; readonly instance: number; readonly machine: number }
  | { readonly do: 'exit'; readonly instance: number }
  | { readonly do: 'start'; readonly instance: number }
  | { readonly do: 'tell'; readonly machine: number }
  | { readonly do: 'step'; readonly count: number }

const instance = fc.nat(5)
const machine = fc.nat(2)
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    do: fc.constant('call' as const),
    asker: fc.nat(9),
    to: fc.uniqueArray(instance, { minLength: 1 }),
    questions: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ do: fc.constant('plan' as const), instance, machine }),
  fc.record({ do: fc.constant('exit' as const), instance }),
  fc.record({ do: fc.constant('start' as const), instance }),
  fc.record({ do: fc.constant('tell' as const), machine }),
  fc.record({ do: fc.constant('step' as const), count: fc.integer({ min: 1, max: 6 }) }),
)

/** Asks from an instance, a machine's manager, or the parent; an asker that exits wants nothing. */
function ask(network: Network, asker: number, to: readonly number[]): Promise<Outcome[]> {
  const askers = [...network.instances, ...network.managers, network.parent]
  const { calls } = askers[asker] ?? network.parent
  return calls.evalSettled(idOf, { to: [...to] })
}

class Play {
  readonly network: Network
  readonly open: { readonly asker: number; readonly call: Promise<Outcome[]> }[] = []
  /** Askers that have exited at least once: nobody is left to be told what became of their calls. */
  readonly gone = new Set<number>()

  constructor(gathers: boolean) {
    this.network = star(gathers)
  }

  async carryOut(next: Command): Promise<void> {
    const { network } = this
    switch (next.do) {
      case 'call':
        if (network.instances[next.asker]?.alive === false) return
        for (let count = 0; count < next.questions; count += 1) {
          this.open.push({ asker: next.asker, call: ask(network, next.asker, next.to) })
        }
        return
      case 'plan':
        network.patch({ moved: [[next.instance, next.machine]] })
        return
      case 'exit':
        this.gone.add(next.instance)
        if (network.instance(next.instance).alive) network.exit(next.instance)
        return
      case 'start':
        // Only where the plan has it, and never while it runs anywhere.
        if (network.instance(next.instance).alive) return
        network.revive(next.instance, network.topology.machineOf(next.instance) ?? 0)
        return
      case 'tell':
        network.tell(next.machine)
        return
      case 'step':
        await network.step(next.count)
    }
  }

  async end(): Promise<void> {
    this.network.tell(0, 1, 2)
    await this.network.run()
  }
}

describe('whatever is moved, in whatever order it is told', () => {
  it('no call waits for its deadline, and nothing stays behind in a router', async () => {
    const some = fc.array(command, { minLength: 5, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(some, fc.boolean(), async (commands, gathers) => {
        const play = new Play(gathers)
        for (const next of commands) await play.carryOut(next)
        await play.end()
        const { network, open, gone } = play
        const ended = new Set<unknown>()
        for (const { call } of open) call.then(() => ended.add(call)).catch(() => {})
        await network.run()
        expect(open.filter(({ asker, call }) => !gone.has(asker) && !ended.has(call))).toEqual([])
        await network.advance(2_000)
        for (const router of [network.parentRouter, ...network.routers]) {
          expect(router.tick(network.now())).toBe(false)
        }
      }),
      { numRuns: 500 },
    )
  })
})
